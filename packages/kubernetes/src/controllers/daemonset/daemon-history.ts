import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { Json } from '../../api/kube-object.ts'
import { labelMatcher } from '../../api/label-selector.ts'
import type { ControllerRevision, DaemonSet } from '../../api/types/apps-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import { controllerRef } from '../../client/owner-reference.ts'
import { controllerRevisions, daemonSets, pods as podsResource } from '../../client/resources.ts'
import { claim } from '../common/claim.ts'
import { hashOf } from '../common/hash.ts'
import { templatePatch } from '../common/template-patch.ts'
import { hashLabel } from './daemon-pods.ts'

export interface DaemonHistory {
  current: ControllerRevision
  old: ControllerRevision[]
}

/** Finds or makes the revision of the set's template; it gets the highest number. */
export async function resolveHistory(
  client: Client,
  set: DaemonSet,
  cache: Informer<ControllerRevision>,
  pods: Pod[],
): Promise<DaemonHistory> {
  const matches = labelMatcher(set.spec?.selector)
  const histories = await claim(cache.list(set.metadata.namespace), {
    client,
    resource: controllerRevisions,
    owner: set,
    ownerResource: daemonSets,
    ownerApiVersion: 'apps/v1',
    ownerKind: 'DaemonSet',
    matches: ({ metadata }) => matches(metadata.labels),
  })
  const data = templatePatch(set.spec?.template)
  const equal = histories.filter((history) => deepEqual(history.data, data))
  const old = histories.filter((history) => !equal.includes(history))
  const number = Math.max(0, ...old.map(({ revision }) => revision)) + 1
  if (equal.length === 0) return { current: await snapshot(client, set, data, number), old }
  let current = await deduplicate(client, equal, pods)
  if (current.revision < number) {
    current = await client.update<ControllerRevision>(controllerRevisions, { ...current, revision: number })
  }
  return { current, old }
}

async function snapshot(
  client: Client,
  set: DaemonSet,
  data: Json,
  revision: number,
): Promise<ControllerRevision> {
  const { name: setName, namespace, annotations } = set.metadata
  const hash = hashOf(set.spec?.template, set.status?.collisionCount)
  const name = `${setName}-${hash}`
  const history: ControllerRevision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      ...(namespace && { namespace }),
      labels: { ...set.spec?.template.metadata?.labels, [hashLabel]: hash },
      ...(annotations && { annotations }),
      ownerReferences: [controllerRef(set, 'apps/v1', 'DaemonSet')],
    },
    data,
    revision,
  }
  try {
    return await client.create(controllerRevisions, namespace, history)
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
    const existing = await client.get<ControllerRevision>(controllerRevisions, namespace, name)
    if (deepEqual(existing.data, data)) return existing
    const status = { ...emptyStatus, ...set.status, collisionCount: (set.status?.collisionCount ?? 0) + 1 }
    await client.update<DaemonSet>(daemonSets, { ...set, status }, { subresource: 'status' })
    throw error
  }
}

const emptyStatus = {
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0,
}

/** Of revisions with the same content one stays, and pods of the others become its own. */
async function deduplicate(
  client: Client,
  equal: ControllerRevision[],
  pods: Pod[],
): Promise<ControllerRevision> {
  const keep = equal.reduce((best, each) => (each.revision >= best.revision ? each : best))
  if (equal.length === 1) return keep
  const hash = keep.metadata.labels?.[hashLabel]
  for (const { metadata } of pods) {
    if (metadata.labels?.[hashLabel] === hash) continue
    await client.patch(podsResource, metadata.namespace, metadata.name ?? '', 'merge', {
      metadata: { labels: { [hashLabel]: hash } },
    })
  }
  for (const { metadata } of equal) {
    if (metadata.name !== keep.metadata.name) {
      await client.delete(controllerRevisions, metadata.namespace, metadata.name ?? '')
    }
  }
  return keep
}

/** Deletes the oldest revisions that no pod is of, beyond `revisionHistoryLimit`. */
export async function cleanUpHistory(
  client: Client,
  set: DaemonSet,
  old: ControllerRevision[],
  pods: Pod[],
): Promise<void> {
  let surplus = old.length - (set.spec?.revisionHistoryLimit ?? 10)
  const live = new Set(pods.map(({ metadata }) => metadata.labels?.[hashLabel]))
  for (const { metadata } of [...old].sort((a, b) => a.revision - b.revision)) {
    if (surplus <= 0) return
    if (live.has(metadata.labels?.[hashLabel])) continue
    try {
      await client.delete(controllerRevisions, metadata.namespace, metadata.name ?? '')
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
    surplus--
  }
}
