/** A wall clock's reading. */
export interface ZonedTime {
  year: number
  /** 1 to 12. */
  month: number
  day: number
  hour: number
  minute: number
  /** 0 is Sunday. */
  weekday: number
}

/** The rules of one time zone. */
export interface TimeZone {
  read(ms: number): ZonedTime
  /** The moment when the zone's clock shows this; in a gap, the moment after it. */
  at(year: number, month: number, day: number, hour: number, minute: number): number
  /** e.g. `+01:00`; `Z` for none. */
  offsetText(ms: number): string
}

/** @throws RangeError for a name that no IANA zone has */
export function timeZone(name: string): TimeZone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })

  /** How far the zone's clock is ahead of UTC. */
  function offset(ms: number): number {
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(ms)) parts[type] = Number(value)
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000
  }

  return {
    read(ms) {
      const date = new Date(ms + offset(ms))
      return {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
        weekday: date.getUTCDay(),
      }
    },
    at(year, month, day, hour, minute) {
      const wall = Date.UTC(year, month - 1, day, hour, minute)
      const guess = wall - offset(wall)
      const moment = wall - offset(guess)
      // The two differ near a change of the clock; in a gap neither shows what was asked.
      return moment + offset(moment) === wall ? moment : Math.max(guess, moment)
    },
    offsetText(ms) {
      const minutes = Math.round(offset(ms) / 60_000)
      if (minutes === 0) return 'Z'
      const text = (value: number): string => String(value).padStart(2, '0')
      const size = Math.abs(minutes)
      return `${minutes < 0 ? '-' : '+'}${text(Math.floor(size / 60))}:${text(size % 60)}`
    },
  }
}
