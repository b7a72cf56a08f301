import type { FieldNode, StructNode } from '../../schema/schema-node.ts'

/** A field on the wire: one of the struct's, or a message that JSON inlines into it. */
export type WireField =
  | { readonly number: number; readonly field: FieldNode }
  | { readonly number: number; readonly inlined: MessagePlan }

export interface MessagePlan {
  /** In descending order of their numbers, the order of writing. */
  readonly fields: readonly WireField[]
  readonly byNumber: ReadonlyMap<number, WireField>
}

const plans = new WeakMap<StructNode, MessagePlan>()

/** How a struct looks on the wire. */
export function messagePlan(struct: StructNode): MessagePlan {
  let plan = plans.get(struct)
  if (!plan) {
    plan = makePlan(
      [...struct.fields.values()].filter((field) => field.number !== undefined),
      0,
    )
    plans.set(struct, plan)
  }
  return plan
}

function makePlan(fields: readonly FieldNode[], depth: number): MessagePlan {
  const wire: WireField[] = []
  const inlined = new Map<number, FieldNode[]>()
  for (const field of fields) {
    const outer = field.via?.[depth]
    if (outer === undefined) wire.push({ number: field.number!, field })
    else inlined.set(outer, [...(inlined.get(outer) ?? []), field])
  }
  for (const [number, inner] of inlined) wire.push({ number, inlined: makePlan(inner, depth + 1) })
  wire.sort((left, right) => right.number - left.number)
  return { fields: wire, byNumber: new Map(wire.map((each) => [each.number, each])) }
}
