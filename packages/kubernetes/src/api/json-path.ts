import { deepEqual, isJsonObject } from './json.ts'

/** What a path finds in a value, in order; nothing where a key is missing. */
export type JsonPath = (value: unknown) => unknown[]

type Step = (value: unknown) => unknown[]

/**
 * Reads a JSONPath as CRDs and kubectl write it, without braces: `.spec.ports[0].name`, `.items[*]`, `..name`,
 * `.metadata.labels.app\.io`, `['key']`, `[1:3]`, `[0,2]`, `.conditions[?(@.type=="Ready")].status`.
 * @throws Error when the text is no path
 */
export function parseJsonPath(text: string): JsonPath {
  const reader = new PathReader(text)
  const steps = reader.steps()
  return (value) => follow(steps, value)
}

function follow(steps: readonly Step[], value: unknown): unknown[] {
  let values = [value]
  for (const step of steps) values = values.flatMap(step)
  return values
}

class PathReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  steps(): Step[] {
    const steps: Step[] = []
    while (this.#at < this.#text.length) {
      const rest = this.#text.slice(this.#at)
      if (rest.startsWith('[?(')) steps.push(this.#filter())
      else if (rest.startsWith('..')) {
        this.#at++
        steps.push(descendants)
      } else if (rest[0] === '.') steps.push(this.#field())
      else if (rest[0] === '[') steps.push(this.#bracket())
      else if (rest[0] === '@' || rest[0] === '$' || rest[0] === ' ') this.#at++
      else throw new Error(`unrecognized character in action: ${JSON.stringify(rest[0])}`)
    }
    return steps
  }

  #field(): Step {
    const match = /^\.((?:\\.|[^\s.[\]{}()'"=<>!,\\])*)/.exec(this.#text.slice(this.#at))!
    this.#at += match[0].length
    const name = match[1]!.replaceAll('\\', '')
    if (name === '*') return children
    return name === '' ? (value) => [value] : (value) => fieldOf(value, name)
  }

  #bracket(): Step {
    const end = this.#text.indexOf(']', this.#at)
    if (end < 0) throw new Error('unterminated array')
    const inside = this.#text.slice(this.#at + 1, end)
    this.#at = end + 1
    const parts = inside.split(',').map((part) => bracketStep(part.trim()))
    return parts.length === 1 ? parts[0]! : (value) => parts.flatMap((step) => step(value))
  }

  #filter(): Step {
    const { text } = this
    const start = this.#at + 3
    let quote = ''
    let at = start
    for (; at < text.length; at++) {
      if (quote) {
        if (text[at] === quote && text[at - 1] !== '\\') quote = ''
      } else if (text[at] === '"' || text[at] === "'") quote = text[at]!
      else if (text[at] === ')') break
    }
    if (at >= text.length) throw new Error('unterminated filter')
    if (text[at + 1] !== ']') throw new Error('unclosed array expect ]')
    this.#at = at + 2
    return filterStep(text.slice(start, at))
  }

  get text(): string {
    return this.#text
  }
}

function fieldOf(value: unknown, name: string): unknown[] {
  return isJsonObject(value) && Object.hasOwn(value, name) ? [value[name]] : []
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return isJsonObject(value) ? Object.values(value) : []
}

/** The value and everything below it. */
function descendants(value: unknown): unknown[] {
  return [value, ...children(value).flatMap(descendants)]
}

function bracketStep(text: string): Step {
  if (text === '*') return children
  const key = /^'([^']*)'$/.exec(text)?.[1] ?? /^"([^"]*)"$/.exec(text)?.[1]
  if (key !== undefined) return (value) => fieldOf(value, key)
  const slice = /^(-?\d*)(?::(-?\d*))?(?::(-?\d*))?$/.exec(text)
  if (!slice) throw new Error(`invalid array index ${text}`)
  const [, from = '', to, every] = slice
  if (to === undefined) {
    if (from === '') throw new Error(`invalid array index ${text}`)
    return (value) => (Array.isArray(value) ? value.slice(Number(from)).slice(0, 1) : [])
  }
  const step = every ? Number(every) : 1
  if (step <= 0) throw new Error('step must be > 0')
  return (value) => {
    if (!Array.isArray(value)) return []
    const part = value.slice(from === '' ? 0 : Number(from), to === '' ? undefined : Number(to))
    return part.filter((_, index) => index % step === 0)
  }
}

const operators: Record<string, (left: unknown, right: unknown) => boolean> = {
  '==': deepEqual,
  '!=': (left, right) => !deepEqual(left, right),
  '<': (left, right) => comparable(left, right) && (left as number) < (right as number),
  '<=': (left, right) => comparable(left, right) && (left as number) <= (right as number),
  '>': (left, right) => comparable(left, right) && (left as number) > (right as number),
  '>=': (left, right) => comparable(left, right) && (left as number) >= (right as number),
}

function comparable(left: unknown, right: unknown): boolean {
  return typeof left === typeof right && (typeof left === 'number' || typeof left === 'string')
}

function filterStep(text: string): Step {
  const elements = (value: unknown) => (Array.isArray(value) ? value : [])
  const comparison = /^([^!<>=]+)([!<>=]+)(.+)$/s.exec(text)
  if (!comparison) {
    const exists = parseJsonPath(text.trim())
    return (value) => elements(value).filter((element) => exists(element).length > 0)
  }
  const [, left = '', operator = '', right = ''] = comparison
  const compare = operators[operator]
  if (!compare) throw new Error(`unrecognized filter operator ${operator}`)
  const leftOf = operand(left.trim())
  const rightOf = operand(right.trim())
  return (value) =>
    elements(value).filter((element) => {
      const [first, ...more] = leftOf(element)
      const [second] = rightOf(element)
      return first !== undefined && more.length === 0 && compare(first, second)
    })
}

/** A path from the element, a quoted text, a number, `true` or `false`. */
function operand(text: string): JsonPath {
  if (/^[@$.]/.test(text)) return parseJsonPath(text)
  const quoted = /^"(.*)"$/s.exec(text)?.[1] ?? /^'(.*)'$/s.exec(text)?.[1]
  if (quoted !== undefined) return () => [quoted.replace(/\\(['"\\])/g, '$1')]
  if (text === 'true' || text === 'false') return () => [text === 'true']
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return () => [Number(text)]
  throw new Error(`unrecognized identifier ${text}`)
}
