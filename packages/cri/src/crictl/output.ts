import type { CommandContext } from './command.ts'
import { text } from './command.ts'

const idLength = 13

/** Rows in columns, as tabwriter sets them: three spaces apart, twenty wide at least. */
export function table(header: string[], rows: string[][]): string {
  const widths = header.map((title, column) =>
    Math.max(17, ...[title, ...rows.map((row) => row[column] ?? '')].map((cell) => cell.length)),
  )
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column]! + 3)))
      .join('')
  return `${[header, ...rows].map(line).join('\n')}\n`
}

export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, idLength)
}

/** Nanoseconds since the epoch, as docker's units tell ages. */
export function age(nanoseconds: number, now = Date.now()): string {
  const seconds = Math.max(0, Math.floor((now - nanoseconds / 1e6) / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.round(minutes / 60)
  if (seconds < 1) return 'Less than a second ago'
  if (seconds < 60) return seconds === 1 ? '1 second ago' : `${seconds} seconds ago`
  if (minutes === 1) return 'About a minute ago'
  if (minutes < 60) return `${minutes} minutes ago`
  if (hours === 1) return 'About an hour ago'
  if (hours < 48) return `${hours} hours ago`
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days ago`
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks ago`
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months ago`
  return `${Math.floor(hours / 24 / 365)} years ago`
}

/** Decimal units with three digits: `2.02MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  let amount = bytes
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000
    unit++
  }
  return `${Number(amount.toPrecision(3))}${units[unit]}`
}

/** Name of an enum's value, as CRI's JSON form has it. */
export function nameOf(values: Record<string, number>, value: number): string {
  return Object.keys(values).find((name) => values[name] === value) ?? String(value)
}

/** An answer with the names of enum values, as CRI's JSON form has them. Times and sizes are strings there. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, (_key, one) => (typeof one === 'number' && Math.abs(one) > 2 ** 31 ? String(one) : one), 2)}\n`
}

/** Writes JSON, which is YAML too, when `-o` asks for either. @returns whether it did */
export async function structured(context: CommandContext, value: unknown): Promise<boolean> {
  const format = text(context, 'output')
  if (format !== 'json' && format !== 'yaml') return false
  context.write(json(value))
  return true
}
