import { isReason } from '../../api/api-error.ts'
import type { ObjectMeta, OwnerReference } from '../../api/kube-object.ts'
import { apiVersionOf, parseApiVersion } from '../../api/resource-info.ts'
import type { Scale } from '../../api/types/autoscaling-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { PodDisruptionBudget } from '../../api/types/policy-v1.ts'
import type { Client } from '../../client/client.ts'
import { controllerOf } from '../../client/owner-reference.ts'
import { replicaSets } from '../../client/resources.ts'
import { scaledValue } from '../common/int-or-percent.ts'
import type { ResourceSource } from '../resource-source.ts'

export interface ExpectedPods {
  expected: number
  desired: number
  /** Names of pods that nobody scales: they cannot be counted. */
  unmanaged: string[]
}

/** How many pods there should be, and how many of them healthy. @throws Error when a pod's owner cannot be scaled */
export async function expectedPods(
  client: Client,
  source: ResourceSource,
  { spec }: PodDisruptionBudget,
  pods: Pod[],
): Promise<ExpectedPods> {
  if (typeof spec?.minAvailable === 'number' && spec.maxUnavailable === undefined) {
    return { expected: pods.length, desired: spec.minAvailable, unmanaged: [] }
  }
  if (spec?.maxUnavailable === undefined && spec?.minAvailable === undefined) {
    return { expected: 0, desired: 0, unmanaged: [] }
  }
  const { total, unmanaged } = await totalScale(client, source, pods)
  const desired =
    spec.maxUnavailable !== undefined
      ? Math.max(0, total - scaledValue(spec.maxUnavailable, total, true))
      : scaledValue(spec.minAvailable ?? 0, total, true)
  return { expected: total, desired, unmanaged }
}

async function totalScale(
  client: Client,
  source: ResourceSource,
  pods: Pod[],
): Promise<{ total: number; unmanaged: string[] }> {
  const byOwner = new Map<string, number>()
  const seen = new Set<string>()
  const unmanaged: string[] = []
  for (const pod of pods) {
    const owner = controllerOf(pod)
    const name = pod.metadata.name ?? ''
    if (!owner) unmanaged.push(name)
    else if (!seen.has(owner.uid)) {
      seen.add(owner.uid)
      const scale = await scaleOf(client, source, owner, pod.metadata.namespace ?? '')
      if (!scale) throw new Error(`found no controllers for pod "${name}"`)
      byOwner.set(scale.uid, scale.replicas)
    }
  }
  return { total: [...byOwner.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged }
}

async function scaleOf(
  client: Client,
  source: ResourceSource,
  owner: OwnerReference,
  namespace: string,
): Promise<{ uid: string; replicas: number } | undefined> {
  const { group } = parseApiVersion(owner.apiVersion)
  const info =
    source.list().find((each) => each.kind === owner.kind && apiVersionOf(each) === owner.apiVersion) ??
    source.list().find((each) => each.kind === owner.kind && each.group === group)
  if (!info) throw new Error(`no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`)
  try {
    if (group === 'apps' && owner.kind === 'ReplicaSet') {
      const set = await client.get<{ metadata: ObjectMeta }>(replicaSets, namespace, owner.name)
      const parent = set.metadata.uid === owner.uid ? controllerOf(set) : undefined
      if (parent?.kind === 'Deployment') return await scaleOf(client, source, parent, namespace)
    }
    if (!info.subresources.some(({ name }) => name === 'scale')) {
      const resource = info.group ? `${info.resource}.${info.group}` : info.resource
      throw new Error(`${resource} does not implement the scale subresource`)
    }
    const scale = await client.get<Scale>(info, namespace, owner.name, { subresource: 'scale' })
    if (scale.metadata.uid !== owner.uid) return undefined
    return { uid: owner.uid, replicas: scale.spec?.replicas ?? 0 }
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}
