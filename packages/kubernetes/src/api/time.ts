/** `meta/v1 Time`: RFC 3339 in UTC with second precision. `ms` are milliseconds since the epoch. */
export function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -5)}Z`
}

/** `meta/v1 MicroTime`: RFC 3339 in UTC with six decimals. */
export function toMicroTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000Z`
}

/** Milliseconds since the epoch; `undefined` for what is absent or no time. */
export function parseTime(time: string | null | undefined): number | undefined {
  if (!time) return undefined
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? undefined : ms
}
