import type { PriorityClass } from '../../types/scheduling-v1.ts'
import { validateImmutable } from '../immutable.ts'
import { oneOfIfSet } from '../rules.ts'
import type { Validator } from '../validator.ts'

const highestOfUsers = 1_000_000_000
const systemPrefix = 'system-'
const systemClasses: Readonly<Record<string, number>> = {
  'system-node-critical': 2 * highestOfUsers + 1000,
  'system-cluster-critical': 2 * highestOfUsers,
}

/** Why a class with a system's name is none. */
function systemProblem({ metadata, value, globalDefault }: PriorityClass): string | undefined {
  const name = metadata.name ?? ''
  const expected = systemClasses[name]
  if (expected === undefined) return `${name} is not a known system priority class`
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

export const priorityClasses: Validator<PriorityClass> = {
  create(object, field) {
    if (object.metadata.name?.startsWith(systemPrefix)) {
      const problem = systemProblem(object)
      if (problem) {
        field
          .at('metadata', 'name')
          .forbidden(
            `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${problem}`,
          )
      }
    } else if ((object.value ?? 0) > highestOfUsers) {
      field.at('value').forbidden(`maximum allowed value of a user defined priority is ${highestOfUsers}`)
    }
    oneOfIfSet(object.preemptionPolicy, ['PreemptLowerPriority', 'Never'], field.at('preemptionPolicy'))
  },
  update(next, old, _subresource, field) {
    if ((next.value ?? 0) !== (old.value ?? 0))
      field.at('value').forbidden('may not be changed in an update.')
    validateImmutable(next.preemptionPolicy, old.preemptionPolicy, field.at('preemptionPolicy'))
  },
}
