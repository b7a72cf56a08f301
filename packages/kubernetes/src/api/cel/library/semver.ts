import { CelError } from '../cel-error.ts'
import type { Library } from '../overload.ts'
import { CelOpaque } from '../values.ts'

class CelSemver extends CelOpaque {
  readonly typeName = 'kubernetes.Semver'
  readonly numbers: readonly bigint[]
  readonly prerelease: readonly string[]

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super()
    this.numbers = numbers
    this.prerelease = prerelease
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelSemver && compare(this, other) === 0
  }
}

const number = '0|[1-9]\\d*'
const pattern = new RegExp(
  `^(${number})\\.(${number})\\.(${number})(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
)

function parse(text: string): CelSemver | undefined {
  const [whole, major = '', minor = '', patch = '', prerelease] = pattern.exec(text) ?? []
  if (whole === undefined) return undefined
  const parts = prerelease?.split('.') ?? []
  if (parts.some((part) => /^0\d+$/.test(part))) return undefined
  return new CelSemver([BigInt(major), BigInt(minor), BigInt(patch)], parts)
}

/** `v1.2` and `01.2.3` as well. */
function normalize(text: string): string {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.')
  const patch = rest.length > 0 ? rest.join('.') : undefined
  const parts = [major, minor, patch]
    .filter((part) => part !== undefined)
    .map((part) => part.replace(/^0+(?=\d)/, ''))
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? ''))
    throw new CelError('short version cannot contain PreRelease/Build meta data')
  while (parts.length < 3) parts.push('0')
  return parts.join('.')
}

function semver(text: string, tolerant = false): CelSemver {
  const version = parse(tolerant ? normalize(text) : text)
  if (version) return version
  throw new CelError(
    text === '' ? 'Version string empty' : `Invalid Semantic Version: ${JSON.stringify(text)}`,
  )
}

function isSemver(text: string, tolerant = false): boolean {
  try {
    return parse(tolerant ? normalize(text) : text) !== undefined
  } catch {
    return false
  }
}

function compare(left: CelSemver, right: CelSemver): number {
  for (const [index, value] of left.numbers.entries()) {
    const other = right.numbers[index] ?? 0n
    if (value !== other) return value < other ? -1 : 1
  }
  const a = left.prerelease
  const b = right.prerelease
  if (a.length === 0 || b.length === 0) return Math.sign(b.length - a.length)
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareParts(a[index] as string, b[index] as string)
    if (order !== 0) return order
  }
  return Math.sign(a.length - b.length)
}

/** Numbers come before names. */
function compareParts(left: string, right: string): number {
  const [isNumber, otherIsNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)]
  if (isNumber && otherIsNumber)
    return Number(BigInt(left) > BigInt(right)) - Number(BigInt(left) < BigInt(right))
  if (isNumber !== otherIsNumber) return isNumber ? -1 : 1
  return left < right ? -1 : left > right ? 1 : 0
}

export const semvers: Library = {
  'semver(string): kubernetes.Semver': (text: string) => semver(text),
  'semver(string, bool): kubernetes.Semver': semver,
  'isSemver(string): bool': (text: string) => isSemver(text),
  'isSemver(string, bool): bool': isSemver,
  '(kubernetes.Semver).isGreaterThan(kubernetes.Semver): bool': (a: CelSemver, b: CelSemver) =>
    compare(a, b) > 0,
  '(kubernetes.Semver).isLessThan(kubernetes.Semver): bool': (a: CelSemver, b: CelSemver) =>
    compare(a, b) < 0,
  '(kubernetes.Semver).compareTo(kubernetes.Semver): int': (a: CelSemver, b: CelSemver) =>
    BigInt(compare(a, b)),
  '(kubernetes.Semver).major(): int': ({ numbers }: CelSemver) => numbers[0] ?? 0n,
  '(kubernetes.Semver).minor(): int': ({ numbers }: CelSemver) => numbers[1] ?? 0n,
  '(kubernetes.Semver).patch(): int': ({ numbers }: CelSemver) => numbers[2] ?? 0n,
}
