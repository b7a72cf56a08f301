import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCronSchedule } from './cron-schedule.ts'

function next(spec: string, after: string, zone?: string): string | undefined {
  const ms = parseCronSchedule(spec, zone).next(Date.parse(after))
  return ms === undefined ? undefined : new Date(ms).toISOString().replace('.000', '')
}

test('next moments', () => {
  for (const [spec, after, expected] of [
    ['* * * * *', '2026-03-01T10:00:30Z', '2026-03-01T10:01:00Z'],
    ['*/15 * * * *', '2026-03-01T10:45:00Z', '2026-03-01T11:00:00Z'],
    ['5-20/5 8,18 * * *', '2026-03-01T08:20:00Z', '2026-03-01T18:05:00Z'],
    ['0 0 31 * *', '2026-03-31T00:00:00Z', '2026-05-31T00:00:00Z'],
    ['0 0 29 feb *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 30 2 *', '2026-01-01T00:00:00Z', undefined],
    // Either day field is enough when both are given …
    ['0 0 13 * fri', '2026-03-01T00:00:00Z', '2026-03-06T00:00:00Z'],
    // … and both count when one is open.
    ['0 0 * * MON-WED', '2026-03-05T00:00:00Z', '2026-03-09T00:00:00Z'],
    ['@weekly', '2026-03-05T00:00:00Z', '2026-03-08T00:00:00Z'],
    ['@every 1h30m', '2026-03-05T00:00:10Z', '2026-03-05T01:30:10Z'],
    ['TZ=Europe/Berlin 0 9 * * *', '2026-01-05T00:00:00Z', '2026-01-05T08:00:00Z'],
  ] as const) {
    assert.equal(next(spec, after), expected, `${spec} after ${after}`)
  }
})

test('time zones, and clocks that are changed', () => {
  assert.equal(next('30 9 * * *', '2026-07-01T00:00:00Z', 'Asia/Kolkata'), '2026-07-01T04:00:00Z')
  // 02:30 does not exist on 29 March 2026 in Berlin.
  assert.equal(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin'), '2026-03-30T00:30:00Z')
  // 02:30 exists twice on 25 October.
  assert.equal(next('30 2 * * *', '2026-10-24T12:00:00Z', 'Europe/Berlin'), '2026-10-25T00:30:00Z')
  assert.equal(next('0 * * * *', '2026-03-29T00:30:00Z', 'Europe/Berlin'), '2026-03-29T01:00:00Z')
})

test('what is no schedule says why', () => {
  for (const [spec, message] of [
    ['', 'empty spec string'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['@sometimes', 'unrecognized descriptor: @sometimes'],
  ] as const) {
    assert.throws(() => parseCronSchedule(spec), { message })
  }
  assert.throws(() => parseCronSchedule('* * * * *', 'Middle/Earth'), RangeError)
})
