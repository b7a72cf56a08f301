import { goQuote } from '../../go-format.ts'
import { CelError } from '../cel-error.ts'
import type { Library } from '../overload.ts'
import { ArrayList, type CelList } from '../values.ts'
import { formatText } from './format-text.ts'

// Positions are of code points, not of UTF-16 units.

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`)
}

function charAt(text: string, index: bigint): string {
  const characters = [...text]
  if (index < 0n || index > characters.length) throw outOfRange(index)
  return characters[Number(index)] ?? ''
}

function indexOf(text: string, part: string, offset = 0n): bigint {
  const characters = [...text]
  if (offset < 0n) throw outOfRange(offset)
  if (part === '') return offset
  if (offset >= characters.length) return -1n
  const start = Number(offset)
  const found = characters.slice(start).join('').indexOf(part)
  return found < 0 ? -1n : BigInt(start + [...characters.slice(start).join('').slice(0, found)].length)
}

function lastIndexOf(text: string, part: string, offset?: bigint): bigint {
  const characters = [...text]
  if (offset !== undefined && (offset < 0n || offset >= characters.length)) throw outOfRange(offset)
  const sought = [...part]
  const last = Math.min(Number(offset ?? BigInt(characters.length)), characters.length - sought.length)
  for (let start = last; start >= 0; start--)
    if (sought.every((character, index) => characters[start + index] === character)) return BigInt(start)
  return -1n
}

function replace(text: string, old: string, by: string, most = -1n): string {
  const parts = text.split(old)
  const times = most < 0n ? parts.length - 1 : Math.min(Number(most), parts.length - 1)
  if (old === '' && times > 0) return replaceNothing(text, by, most)
  return (
    parts.slice(0, times + 1).join(by) +
    parts
      .slice(times + 1)
      .map((part) => old + part)
      .join('')
  )
}

/** Between characters, and around them. */
function replaceNothing(text: string, by: string, most: bigint): string {
  let left = most < 0n ? Number.POSITIVE_INFINITY : Number(most)
  const out: string[] = []
  for (const character of [...text, '']) {
    if (left-- > 0) out.push(by)
    out.push(character)
  }
  return out.join('')
}

function split(text: string, separator: string, most = -1n): CelList {
  if (most === 0n) return new ArrayList([])
  const parts = separator === '' ? [...text] : text.split(separator)
  if (most < 0n || parts.length <= most) return new ArrayList(parts)
  const count = Number(most) - 1
  return new ArrayList([...parts.slice(0, count), parts.slice(count).join(separator)])
}

function substring(text: string, start: bigint, end?: bigint): string {
  const characters = [...text]
  if (end !== undefined && start > end)
    throw new CelError(`invalid substring range. start: ${start}, end: ${end}`)
  if (start < 0n || start > characters.length) throw outOfRange(start)
  if (end !== undefined && (end < 0n || end > characters.length)) throw outOfRange(end)
  return characters.slice(Number(start), end === undefined ? undefined : Number(end)).join('')
}

function join(list: CelList, separator = ''): string {
  const parts: string[] = []
  for (const part of list) {
    if (typeof part !== 'string') throw new CelError(`join: invalid input: ${String(part)}`)
    parts.push(part)
  }
  return parts.join(separator)
}

const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
const upper = (text: string): string => text.replace(/[a-z]/g, (letter) => letter.toUpperCase())

export const strings: Library = {
  '(string).charAt(int): string': charAt,
  '(string).indexOf(string): int': indexOf,
  '(string).indexOf(string, int): int': indexOf,
  '(string).lastIndexOf(string): int': lastIndexOf,
  '(string).lastIndexOf(string, int): int': lastIndexOf,
  '(string).lowerAscii(): string': lower,
  '(string).upperAscii(): string': upper,
  '(string).replace(string, string): string': replace,
  '(string).replace(string, string, int): string': replace,
  '(string).split(string): list<string>': split,
  '(string).split(string, int): list<string>': split,
  '(string).substring(int): string': substring,
  '(string).substring(int, int): string': substring,
  '(string).trim(): string': (text: string) => text.trim(),
  '(list<string>).join(): string': join,
  '(list<string>).join(string): string': join,
  '(string).format(list<dyn>): string': formatText,
  'strings.quote(string): string': goQuote,
}
