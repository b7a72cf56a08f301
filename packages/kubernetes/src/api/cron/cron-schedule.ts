import { parseDuration } from '../duration.ts'
import { type CronField, cronBounds, parseCronField } from './cron-fields.ts'
import { type TimeZone, timeZone } from './zoned-time.ts'

export interface CronSchedule {
  /** The first moment after `ms` (both milliseconds since the epoch); undefined when there is none within five years. */
  next(ms: number): number | undefined
}

const descriptors: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const minuteMs = 60_000
const years = 5

/**
 * A schedule in cron's five fields, a descriptor such as `@daily`, or `@every 1h30m`; `TZ=<zone> ` in front wins over
 * `zone`. As in upstream's parser, the day fields both count when one of them is `*`, and either is enough otherwise.
 *
 * @throws Error with what is wrong with the text
 */
export function parseCronSchedule(text: string, zone = 'UTC'): CronSchedule {
  const prefix = /^(?:CRON_)?TZ=(\S*)\s+/.exec(text)
  const spec = text.slice(prefix?.[0].length ?? 0).trim()
  if (spec === '') throw new Error('empty spec string')
  const every = /^@every (.*)$/.exec(spec)
  if (every) return everySchedule(every[1] ?? '', spec)
  const fields = (descriptors[spec] ?? spec).split(/\s+/)
  if (spec.startsWith('@') && !descriptors[spec]) throw new Error(`unrecognized descriptor: ${spec}`)
  if (fields.length !== 5) {
    throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  }
  const [minute, hour, dayOfMonth, month, dayOfWeek] = fields as [string, string, string, string, string]
  return fieldSchedule(
    {
      minute: parseCronField(minute, cronBounds.minute),
      hour: parseCronField(hour, cronBounds.hour),
      dayOfMonth: parseCronField(dayOfMonth, cronBounds.dayOfMonth),
      month: parseCronField(month, cronBounds.month),
      dayOfWeek: parseCronField(dayOfWeek, cronBounds.dayOfWeek),
    },
    timeZone(prefix?.[1] || zone),
  )
}

function everySchedule(duration: string, spec: string): CronSchedule {
  const ms = parseDuration(duration)
  if (ms === undefined) throw new Error(`failed to parse duration ${spec}`)
  const seconds = Math.max(1, Math.floor(ms / 1000))
  return { next: (after) => (Math.floor(after / 1000) + seconds) * 1000 }
}

type Fields = Record<'minute' | 'hour' | 'dayOfMonth' | 'month' | 'dayOfWeek', CronField>

function fieldSchedule(fields: Fields, zone: TimeZone): CronSchedule {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = fields
  const isDay = (day: number, weekday: number): boolean => {
    const ofMonth = dayOfMonth.values.has(day)
    const ofWeek = dayOfWeek.values.has(weekday)
    return dayOfMonth.any || dayOfWeek.any ? ofMonth && ofWeek : ofMonth || ofWeek
  }
  return {
    next(after) {
      let ms = (Math.floor(after / minuteMs) + 1) * minuteMs
      const lastYear = zone.read(ms).year + years
      for (;;) {
        const now = zone.read(ms)
        if (now.year > lastYear) return undefined
        if (!month.values.has(now.month)) ms = zone.at(now.year, now.month + 1, 1, 0, 0)
        else if (!isDay(now.day, now.weekday)) ms = zone.at(now.year, now.month, now.day + 1, 0, 0)
        // Hours and minutes pass in real time, so that none is missed or met twice when the clock is changed.
        else if (!hour.values.has(now.hour)) ms += (60 - now.minute) * minuteMs
        else if (minute.values.has(now.minute)) return ms
        else {
          const later = [...minute.values].filter((value) => value > now.minute)
          ms += ((later.length > 0 ? Math.min(...later) : 60) - now.minute) * minuteMs
        }
      }
    },
  }
}
