import { isReason } from '../../api/api-error.ts'
import { isJsonObject } from '../../api/json.ts'
import type { ControllerRevision, StatefulSet } from '../../api/types/apps-v1.ts'
import type { Pod, PodTemplateSpec } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { controllerOf, controllerRef } from '../../client/owner-reference.ts'
import { controllerRevisions, statefulSets } from '../../client/resources.ts'
import {
  createRevision,
  equalRevisions,
  newRevision,
  renumberRevision,
  sortRevisions,
} from '../common/controller-history.ts'
import { templatePatch } from '../common/template-patch.ts'
import { revisionLabel } from './identity.ts'

export interface SetRevisions {
  /** What pods that are not updated yet run. */
  current: ControllerRevision
  /** What the set's template says now. */
  update: ControllerRevision
  collisionCount: number
}

/** Finds or makes the revision of the set's template, and finds the one that pods are coming from. */
export async function resolveRevisions(
  client: Client,
  set: StatefulSet,
  revisions: ControllerRevision[],
): Promise<SetRevisions> {
  const collisionCount = set.status?.collisionCount ?? 0
  const newest = revisions.at(-1)
  const wanted = withAnnotations(
    set,
    newRevision(
      set,
      'StatefulSet',
      set.spec?.template.metadata?.labels,
      templatePatch(set.spec?.template),
      (newest?.revision ?? 0) + 1,
      collisionCount,
    ),
  )
  const equal = equalRevisions(revisions, wanted).at(-1)
  let update = equal
  let count = collisionCount
  if (!update) {
    const created = await createRevision(client, set, wanted, collisionCount)
    update = created.revision
    count = created.collisionCount
  } else if (update !== newest) {
    // A rollback: the old revision becomes the newest.
    update = await renumberRevision(client, update, wanted.revision)
  }
  const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
  return { current, update, collisionCount: count }
}

function withAnnotations(set: StatefulSet, revision: ControllerRevision): ControllerRevision {
  const annotations = set.metadata.annotations
  return annotations ? { ...revision, metadata: { ...revision.metadata, annotations } } : revision
}

/** The set with the template of a revision. */
export function applyRevision(set: StatefulSet, revision: ControllerRevision): StatefulSet {
  const spec = isJsonObject(revision.data) ? revision.data.spec : undefined
  const stored = isJsonObject(spec) ? spec.template : undefined
  if (!isJsonObject(stored) || !set.spec) return set
  const { $patch: _, ...template } = stored
  return { ...set, spec: { ...set.spec, template: template as PodTemplateSpec } }
}

export async function adoptOrphans(
  client: Client,
  set: StatefulSet,
  revisions: ControllerRevision[],
): Promise<void> {
  const orphans = revisions.filter((revision) => !controllerOf(revision))
  if (orphans.length === 0) return
  const { namespace, name = '', uid } = set.metadata
  const fresh = await client.get<StatefulSet>(statefulSets, namespace, name)
  if (fresh.metadata.uid !== uid || fresh.metadata.deletionTimestamp) {
    throw new Error(`can't adopt ControllerRevisions: ${namespace}/${name} is not there any more`)
  }
  const ownerReferences = [controllerRef(set, 'apps/v1', 'StatefulSet')]
  for (const { metadata } of orphans) {
    await client.patch(controllerRevisions, namespace, metadata.name ?? '', 'strategic', {
      metadata: { uid: metadata.uid, ownerReferences },
    })
  }
}

/** Deletes the oldest revisions that nobody runs, beyond `revisionHistoryLimit`. */
export async function truncateHistory(
  client: Client,
  set: StatefulSet,
  pods: Pod[],
  revisions: ControllerRevision[],
  { current, update }: SetRevisions,
): Promise<void> {
  const limit = set.spec?.revisionHistoryLimit ?? 10
  const live = new Set([
    current.metadata.name,
    update.metadata.name,
    ...pods.map(({ metadata }) => metadata.labels?.[revisionLabel]),
  ])
  const history = sortRevisions(revisions.filter(({ metadata }) => !live.has(metadata.name)))
  if (limit < 0) return
  for (const { metadata } of history.slice(0, Math.max(0, history.length - limit))) {
    try {
      await client.delete(controllerRevisions, metadata.namespace, metadata.name ?? '')
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
