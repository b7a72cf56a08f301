import { isJsonObject } from './json.ts'

/** A JSON value as Go's `%v` prints it: `map[a:1 b:[x y]]`, keys sorted. Upstream's messages are full of these. */
export function goFormat(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goFormat).join(' ')}]`
  if (!isJsonObject(value)) return String(value)
  const fields = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goFormat(value[key])}`)
  return `map[${fields.join(' ')}]`
}

/** A string as Go's `%q` prints it. */
export function goQuote(text: string): string {
  return JSON.stringify(text)
}
