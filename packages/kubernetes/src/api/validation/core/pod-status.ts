import { parseIp } from '../../ip.ts'
import { deepEqual } from '../../json.ts'
import type { Container, ContainerStatus, Pod } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Subdomain, isQualifiedName } from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import { validateIp } from '../rules.ts'

const systemConditions = new Set(['PodScheduled', 'Ready', 'Initialized'])

export function validatePodStatusUpdate(next: Pod, old: Pod, field: Field): void {
  const status = next.status ?? {}
  const before = old.status ?? {}
  for (const [index, { type, observedGeneration = 0 }] of (status.conditions ?? []).entries()) {
    const here = field.at('conditions').index(index)
    if (observedGeneration < 0)
      here.at('observedGeneration').invalid(observedGeneration, 'must be a non-negative integer')
    if (!systemConditions.has(type)) here.at('Type').check(type, isQualifiedName(type))
  }
  const nominated = status.nominatedNodeName
  if (nominated && nominated !== before.nominatedNodeName) {
    const at = field.at('nominatedNodeName')
    at.check(nominated, isDns1123Subdomain(nominated))
    if (old.spec?.nodeName) at.forbidden('may not be set on pods that are already bound to a node')
  }
  if ((status.observedGeneration ?? 0) < 0)
    field.at('observedGeneration').invalid(status.observedGeneration, 'must be a non-negative integer')
  validateImmutable(status.qosClass ?? '', before.qosClass ?? '', field.at('qosClass'))
  const kinds = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const
  for (const kind of kinds)
    validateTransitions(status[kind] ?? [], before[kind] ?? [], kind, next, field.at(kind))
  validateClaimStatuses(next, field)
  validateIps(status.podIPs, before.podIPs, field.at('podIPs'))
  const [first] = status.hostIPs ?? []
  if (first && first.ip !== status.hostIP)
    field.at('hostIPs').index(0).at('ip').invalid(first.ip, 'must be equal to `hostIP`')
  validateIps(status.hostIPs, before.hostIPs, field.at('hostIPs'))
}

/** What has ended stays ended, unless it may be restarted. */
function validateTransitions(
  next: ContainerStatus[],
  old: ContainerStatus[],
  kind: string,
  pod: Pod,
  field: Field,
): void {
  for (const [index, before] of old.entries()) {
    const terminated = before.state?.terminated
    if (!terminated) continue
    const now = next.find((status) => status.name === before.name)
    if (!now || now.state?.terminated) continue
    if (kind !== 'ephemeralContainerStatuses' && mayRestart(pod, kind, before.name, terminated.exitCode))
      continue
    field.index(index).at('state').forbidden('may not be transitioned to non-terminated state')
  }
}

function mayRestart(pod: Pod, kind: string, name: string, exitCode: number): boolean {
  const { spec } = pod
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  const restartsAll = (container: Container): boolean =>
    (container.restartPolicyRules ?? []).some((rule) => rule.action === 'RestartAllContainers')
  if (all.some(restartsAll)) return true
  const list = kind === 'containerStatuses' ? spec?.containers : spec?.initContainers
  const container = (list ?? []).find((candidate) => candidate.name === name)
  if (!container) return false
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    const isListed = exitCodes?.values?.includes(exitCode) ?? false
    if (exitCodes && (exitCodes.operator === 'In') === isListed) return action === 'Restart'
  }
  const isInit = kind === 'initContainerStatuses'
  const policy =
    container.restartPolicy ??
    (isInit && spec?.restartPolicy === 'Always' ? 'OnFailure' : spec?.restartPolicy)
  if (isInit && spec?.restartPolicy === 'Always') return true
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

function validateClaimStatuses({ spec, status }: Pod, field: Field): void {
  const claims = new Set((spec?.resourceClaims ?? []).map((claim) => claim.name))
  const seen = new Set<string>()
  for (const [index, { name, resourceClaimName }] of (status?.resourceClaimStatuses ?? []).entries()) {
    const here = field.at('resourceClaimStatuses').index(index)
    if (!claims.has(name))
      here.at('name').invalid(name, 'must match the name of an entry in `spec.resourceClaims`')
    if (seen.has(name)) here.at('name').duplicate(name)
    seen.add(name)
    if (resourceClaimName !== undefined)
      here.at('resourceClaimName').check(resourceClaimName, isDns1123Subdomain(resourceClaimName))
  }
}

type Ips = { ip: string }[] | undefined

/** One address of each family. */
function validateIps(next: Ips = [], old: Ips = [], field: Field): void {
  if (deepEqual(next, old)) return
  const before = old.map(({ ip }) => ip)
  for (const [index, { ip }] of next.entries()) validateIp(ip, field.index(index), before)
  if (next.length < 2) return
  const families = new Set(next.map(({ ip }) => parseIp(ip)?.family))
  if (next.length > 2 || families.size < 2)
    field.invalid(next, 'may specify no more than one IP for each IP family')
}
