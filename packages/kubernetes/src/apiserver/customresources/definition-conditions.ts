import { toTime } from '../../api/time.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from '../../api/types/apiextensions-v1.ts'

type Condition = Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>

/** Sets a condition in place; the transition's time changes with the status only. */
export function setCondition(definition: CustomResourceDefinition, condition: Condition, now: number): void {
  const conditions = definition.status?.conditions ?? []
  const old = conditions.find(({ type }) => type === condition.type)
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : toTime(now)
  const next = { ...condition, ...(lastTransitionTime && { lastTransitionTime }) }
  definition.status = {
    ...definition.status,
    conditions: old ? conditions.map((each) => (each === old ? next : each)) : [...conditions, next],
  }
}

export function isTrue(definition: CustomResourceDefinition, type: string): boolean {
  return definition.status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false
}
