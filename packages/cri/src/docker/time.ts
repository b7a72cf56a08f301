/** Nanoseconds since the epoch of an RFC 3339 time; 0 for the engine's "never". */
export function nanoseconds(time: string): number {
  const parts = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time)
  if (!parts || time.startsWith('0001-')) return 0
  return Date.parse(parts[1]! + parts[3]!) * 1e6 + Number((parts[2] ?? '').padEnd(9, '0').slice(0, 9))
}

export function nowInNanoseconds(): number {
  return Date.now() * 1e6
}
