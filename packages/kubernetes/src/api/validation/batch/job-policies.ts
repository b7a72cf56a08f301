import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../../types/batch-v1.ts'
import type { Field } from '../field.ts'
import { isQualifiedName } from '../formats.ts'
import { nonNegative, Unique } from '../rules.ts'
import { parseIndexList } from './index-list.ts'

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const operators = ['In', 'NotIn']
const statuses = ['False', 'True', 'Unknown']
const mostRules = 20
const mostExitCodes = 255
const mostPatterns = 20
const longestIndexes = 64 * 1024

/** One of some values, which upstream lists when there is none. */
function oneOfThese(value: string | undefined, supported: readonly string[], field: Field): void {
  if (!value) field.required(`valid values: [${supported.map((each) => JSON.stringify(each)).join(' ')}]`)
  else if (!supported.includes(value)) field.notSupported(value, supported)
}

export function validateFailurePolicy(spec: Partial<JobSpec>, field: Field): void {
  if (!spec.podFailurePolicy) return
  const { rules = [] } = spec.podFailurePolicy
  const at = field.at('rules')
  if (rules.length > mostRules) at.tooMany(rules.length, mostRules)
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {}
  const names = new Set([...containers, ...initContainers].map((container) => container.name))
  for (const [index, rule] of rules.entries()) validateFailureRule(spec, rule, names, at.index(index))
}

function validateFailureRule(
  spec: Partial<JobSpec>,
  { action, onExitCodes, onPodConditions = [] }: PodFailurePolicyRule,
  containers: ReadonlySet<string>,
  field: Field,
): void {
  if (action !== 'FailIndex') oneOfThese(action, actions, field.at('action'))
  else if (spec.backoffLimitPerIndex === undefined)
    field.at('action').invalid(action, 'requires the backoffLimitPerIndex to be set')
  if (onExitCodes) validateExitCodes(onExitCodes, containers, field.at('onExitCodes'))
  if (onPodConditions.length > 0) validatePatterns(onPodConditions, field.at('onPodConditions'))
  if (onExitCodes && onPodConditions.length > 0)
    field.invalidAsWhole('specifying both OnExitCodes and OnPodConditions is not supported')
  if (!onExitCodes && onPodConditions.length === 0)
    field.invalidAsWhole('specifying one of OnExitCodes and OnPodConditions is required')
}

function validatePatterns(patterns: PodFailurePolicyOnPodConditionsPattern[], field: Field): void {
  if (patterns.length > mostPatterns) field.tooMany(patterns.length, mostPatterns)
  for (const [index, { type, status }] of patterns.entries()) {
    const at = field.index(index)
    at.at('type').check(type ?? '', isQualifiedName(type ?? ''))
    oneOfThese(status, statuses, at.at('status'))
  }
}

function validateExitCodes(
  { operator, containerName, values = [] }: PodFailurePolicyOnExitCodesRequirement,
  containers: ReadonlySet<string>,
  field: Field,
): void {
  oneOfThese(operator, operators, field.at('operator'))
  if (containerName !== undefined && !containers.has(containerName)) {
    field
      .at('containerName')
      .invalid(containerName, 'must be one of the container or initContainer names in the pod template')
  }
  const at = field.at('values')
  if (values.length === 0) at.invalid(values, 'at least one value is required')
  else if (values.length > mostExitCodes) at.tooMany(values.length, mostExitCodes)
  const seen = new Set<number>()
  for (const [index, value] of values.entries()) {
    if (operator === 'In' && value === 0) at.index(index).invalid(value, 'must not be 0 for the In operator')
    if (seen.has(value)) at.index(index).duplicate(value)
    seen.add(value)
  }
  if (values.some((value, index) => index > 0 && (values[index - 1] ?? 0) > value))
    at.invalid(values, 'must be ordered')
}

export function validateSuccessPolicy(spec: Partial<JobSpec>, field: Field): void {
  if (!spec.successPolicy) return
  if (spec.completionMode !== 'Indexed') {
    field.invalid(spec.successPolicy, 'requires indexed completion mode')
    return
  }
  const { rules = [] } = spec.successPolicy
  const at = field.at('rules')
  if (rules.length === 0)
    at.required('at least one rules must be specified when the successPolicy is specified')
  if (rules.length > mostRules) at.tooMany(rules.length, mostRules)
  for (const [index, rule] of rules.entries())
    validateSuccessRule(rule, spec.completions ?? 0, at.index(index))
}

function validateSuccessRule(
  { succeededCount, succeededIndexes }: SuccessPolicyRule,
  completions: number,
  field: Field,
): void {
  if (succeededCount === undefined && succeededIndexes === undefined)
    field.required('at least one of succeededCount or succeededIndexes must be specified')
  let indexes = 0
  if (succeededIndexes !== undefined) {
    const at = field.at('succeededIndexes')
    if (succeededIndexes.length > longestIndexes) at.tooLong(longestIndexes)
    indexes = validateIndexes(succeededIndexes, completions, 'succeededIndexes', at)
  }
  if (succeededCount === undefined) return
  const at = field.at('succeededCount')
  nonNegative(succeededCount, at)
  const most = `must be less than or equal to`
  if (succeededCount > completions)
    at.invalid(succeededCount, `${most} ${completions} (the number of specified completions)`)
  if (succeededIndexes !== undefined && succeededCount > indexes) {
    at.invalid(
      succeededCount,
      `${most} ${indexes} (the number of indexes in the specified succeededIndexes field)`,
    )
  }
}

/** @returns how many indexes there are */
export function validateIndexes(text: string, completions: number, name: string, field: Field): number {
  try {
    return parseIndexList(text, completions).total
  } catch (error) {
    field.invalid(text, `error parsing ${name}: ${(error as Error).message}`)
    return 0
  }
}

/** The UIDs that a job has still to count. */
export function validateUncounted(
  { succeeded = [], failed = [] }: { succeeded?: string[]; failed?: string[] } = {},
  field: Field,
): void {
  const seen = new Unique()
  const lists = { succeeded, failed }
  for (const name of ['succeeded', 'failed'] as const) {
    for (const [index, uid] of lists[name].entries()) {
      const at = field.at(name).index(index)
      if (uid) seen.add(uid, at)
      else at.invalid(uid, 'must not be empty')
    }
  }
}
