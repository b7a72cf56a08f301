/**
 * The number that `value` stands for: itself, or that percentage of `total`.
 *
 * @throws Error when it is neither a number nor a percentage
 */
export function scaledValue(value: number | string, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value
  const percent = /^(\d+)%$/.exec(value)?.[1]
  if (percent === undefined) throw new Error(`invalid value for IntOrString: invalid value "${value}"`)
  const share = (Number(percent) * total) / 100
  return roundUp ? Math.ceil(share) : Math.floor(share)
}
