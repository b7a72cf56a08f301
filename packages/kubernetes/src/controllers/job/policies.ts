import type { PodFailurePolicy, PodFailurePolicyRule, SuccessPolicy } from '../../api/types/batch-v1.ts'
import type { ContainerStatus, Pod } from '../../api/types/core-v1.ts'
import { IndexSet } from './index-set.ts'

export interface FailureVerdict {
  /** The failure counts towards the backoff limits. */
  counts: boolean
  action?: string
  /** Why the whole job fails. */
  failJob?: string
}

/** What the job's `podFailurePolicy` says of a failed pod: the first rule that matches decides. */
export function judgeFailure(policy: PodFailurePolicy | undefined, pod: Pod): FailureVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const reason = matchRule(rule, pod)
    if (reason === undefined) continue
    const { action } = rule
    if (action === 'Ignore') return { counts: false, action }
    if (action === 'FailJob') {
      return { counts: true, action, failJob: `${reason} matching ${action} rule at index ${index}` }
    }
    return { counts: true, action }
  }
  return { counts: true }
}

function matchRule({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const key = `${pod.metadata.namespace}/${pod.metadata.name}`
  if (onExitCodes) {
    const { containerName, operator, values } = onExitCodes
    const matches = ({ name, state }: ContainerStatus): boolean => {
      const code = state?.terminated?.exitCode ?? 0
      if (code === 0 || (containerName !== undefined && containerName !== name)) return false
      return operator === 'In' ? values.includes(code) : operator === 'NotIn' && !values.includes(code)
    }
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
    const found = [...containerStatuses, ...initContainerStatuses].find(matches)
    return (
      found &&
      `Container ${found.name} for pod ${key} failed with exit code ${found.state?.terminated?.exitCode}`
    )
  }
  const condition = pod.status?.conditions?.find(({ type, status }) =>
    onPodConditions?.some((pattern) => pattern.type === type && (pattern.status ?? 'True') === status),
  )
  return condition && `Pod ${key} has condition ${condition.type}`
}

/** Message of the first rule of the job's `successPolicy` that is met. */
export function matchSuccess(
  policy: SuccessPolicy | undefined,
  completions: number,
  succeeded: IndexSet,
): string | undefined {
  if (succeeded.size === 0) return undefined
  for (const [index, { succeededIndexes, succeededCount }] of (policy?.rules ?? []).entries()) {
    const message = `Matched rules at index ${index}`
    if (succeededIndexes !== undefined) {
      const wanted = IndexSet.parse(succeededIndexes, completions)
      if (wanted.size === 0) continue
      const reached = wanted.overlap(succeeded)
      if (reached === wanted.size || (succeededCount !== undefined && reached >= succeededCount))
        return message
    } else if (succeededCount !== undefined && succeeded.size >= succeededCount) return message
  }
  return undefined
}
