import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  subtractQuantity,
} from '../quantity.ts'

/** A resource list whose amounts are numbers: `cpu` → 100m. */
export type Quantities = Map<string, Quantity>

const zero: Quantity = { nanos: 0n, format: 'DecimalSI' }

/** A count of things. */
export function pieces(count: number): Quantity {
  return { nanos: BigInt(count) * 1_000_000_000n, format: 'DecimalSI' }
}

/** Leaves out what is no quantity. */
export function parseQuantities(list: Record<string, string> | undefined): Quantities {
  const result: Quantities = new Map()
  for (const name in list) {
    // YAML lets numbers through.
    const quantity = parseQuantity(String(list[name]))
    if (quantity) result.set(name, quantity)
  }
  return result
}

/** Names in order, as Go prints maps. */
export function formatQuantities(quantities: Quantities): Record<string, string> {
  const sorted = [...quantities].sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, quantity]) => [name, formatQuantity(quantity)]))
}

/** Adds in place. */
export function addTo(total: Quantities, more: Quantities): void {
  for (const [name, quantity] of more) {
    const known = total.get(name)
    total.set(name, known ? addQuantity(known, quantity) : quantity)
  }
}

/** Raises to at least `floor`, in place. */
export function raiseTo(total: Quantities, floor: Quantities): void {
  for (const [name, quantity] of floor) {
    const known = total.get(name)
    if (!known || compareQuantity(quantity, known) > 0) total.set(name, quantity)
  }
}

/** What `left` has more than `right`; nothing below zero. */
export function excess(left: Quantities, right: Quantities): Quantities {
  const result: Quantities = new Map()
  for (const [name, quantity] of left) {
    const difference = subtractQuantity(quantity, right.get(name) ?? zero)
    if (difference.nanos > 0n) result.set(name, difference)
  }
  return result
}

export function sameQuantities(left: Quantities, right: Quantities): boolean {
  if (left.size !== right.size) return false
  return [...left].every(([name, quantity]) => right.get(name)?.nanos === quantity.nanos)
}

/** Only the entries with these names. */
export function only(quantities: Quantities, names: Iterable<string>): Quantities {
  const wanted = new Set(names)
  return new Map([...quantities].filter(([name]) => wanted.has(name)))
}
