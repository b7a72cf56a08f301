import {
  addQuantity,
  compareQuantity,
  parseQuantity,
  type Quantity,
  subtractQuantity,
} from '../../quantity.ts'
import { CelError } from '../cel-error.ts'
import type { Library } from '../overload.ts'
import { CelOpaque } from '../values.ts'

const nano = 1_000_000_000n

class CelQuantity extends CelOpaque {
  readonly typeName = 'kubernetes.Quantity'
  readonly quantity: Quantity

  constructor(quantity: Quantity) {
    super()
    this.quantity = quantity
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelQuantity && compareQuantity(this.quantity, other.quantity) === 0
  }
}

function parse(text: string): CelQuantity {
  const quantity = parseQuantity(text)
  if (quantity) return new CelQuantity(quantity)
  throw new CelError(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  )
}

function whole(value: bigint): Quantity {
  return { nanos: value * nano, format: 'DecimalSI' }
}

function isInteger({ quantity }: CelQuantity): boolean {
  const value = quantity.nanos / nano
  return quantity.nanos % nano === 0n && BigInt.asIntN(64, value) === value
}

function compare(left: CelQuantity, right: CelQuantity): number {
  return compareQuantity(left.quantity, right.quantity)
}

function sign({ quantity: { nanos } }: CelQuantity): bigint {
  return nanos > 0n ? 1n : nanos < 0n ? -1n : 0n
}

export const quantity: Library = {
  'quantity(string): kubernetes.Quantity': parse,
  'isQuantity(string): bool': (text: string) => parseQuantity(text) !== undefined,
  'sign(kubernetes.Quantity): int': sign,
  '(kubernetes.Quantity).sign(): int': sign,
  '(kubernetes.Quantity).isGreaterThan(kubernetes.Quantity): bool': (a: CelQuantity, b: CelQuantity) =>
    compare(a, b) > 0,
  '(kubernetes.Quantity).isLessThan(kubernetes.Quantity): bool': (a: CelQuantity, b: CelQuantity) =>
    compare(a, b) < 0,
  '(kubernetes.Quantity).compareTo(kubernetes.Quantity): int': (a: CelQuantity, b: CelQuantity) =>
    BigInt(Math.sign(compare(a, b))),
  '(kubernetes.Quantity).asApproximateFloat(): double': ({ quantity: { nanos } }: CelQuantity) =>
    Number(nanos) / 1e9,
  '(kubernetes.Quantity).asInteger(): int': (value: CelQuantity) => {
    if (!isInteger(value)) throw new CelError('cannot convert value to integer')
    return value.quantity.nanos / nano
  },
  '(kubernetes.Quantity).isInteger(): bool': isInteger,
  '(kubernetes.Quantity).add(kubernetes.Quantity): kubernetes.Quantity': (a: CelQuantity, b: CelQuantity) =>
    new CelQuantity(addQuantity(a.quantity, b.quantity)),
  '(kubernetes.Quantity).add(int): kubernetes.Quantity': (a: CelQuantity, b: bigint) =>
    new CelQuantity(addQuantity(a.quantity, whole(b))),
  '(kubernetes.Quantity).sub(kubernetes.Quantity): kubernetes.Quantity': (a: CelQuantity, b: CelQuantity) =>
    new CelQuantity(subtractQuantity(a.quantity, b.quantity)),
  '(kubernetes.Quantity).sub(int): kubernetes.Quantity': (a: CelQuantity, b: bigint) =>
    new CelQuantity(subtractQuantity(a.quantity, whole(b))),
}
