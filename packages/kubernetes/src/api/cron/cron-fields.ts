/** The values that a field of a schedule allows; `any` for `*` and `?`, which day fields treat apart. */
export interface CronField {
  values: ReadonlySet<number>
  any: boolean
}

export interface FieldBounds {
  min: number
  max: number
  names?: Readonly<Record<string, number>>
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

export const cronBounds = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  dayOfMonth: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: Object.fromEntries(months.map((name, index) => [name, index + 1])) },
  dayOfWeek: { min: 0, max: 6, names: Object.fromEntries(days.map((name, index) => [name, index])) },
} satisfies Record<string, FieldBounds>

/** A list of ranges such as `1-5,10,20/5`. @throws Error in the words of robfig/cron */
export function parseCronField(text: string, bounds: FieldBounds): CronField {
  const values = new Set<number>()
  let any = false
  for (const part of text.split(',').filter((each) => each !== '')) {
    if (addRange(part, bounds, values)) any = true
  }
  return { values, any }
}

function addRange(text: string, bounds: FieldBounds, values: Set<number>): boolean {
  const [range = '', stepText, ...moreSteps] = text.split('/')
  const [low = '', high, ...moreDashes] = range.split('-')
  if (moreDashes.length > 0) throw new Error(`too many hyphens: ${text}`)
  const isAny = low === '*' || low === '?'
  let start = isAny ? bounds.min : numberOrName(low, bounds)
  let end = isAny ? bounds.max : high === undefined ? start : numberOrName(high, bounds)
  let step = 1
  if (stepText !== undefined) {
    if (moreSteps.length > 0) throw new Error(`too many slashes: ${text}`)
    step = toNumber(stepText)
    // `N/step` means from N on.
    if (!isAny && high === undefined) end = bounds.max
  }
  if (start < bounds.min)
    throw new Error(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`)
  if (end > bounds.max) throw new Error(`end of range (${end}) above maximum (${bounds.max}): ${text}`)
  if (start > end) throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${text}`)
  if (step === 0) throw new Error(`step of range should be a positive number: ${text}`)
  for (; start <= end; start += step) values.add(start)
  return isAny && step === 1
}

function numberOrName(text: string, { names }: FieldBounds): number {
  return names?.[text.toLowerCase()] ?? toNumber(text)
}

function toNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new Error(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  }
  const value = Number(text)
  if (value < 0) throw new Error(`negative number (${value}) not allowed: ${text}`)
  return value
}
