import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { Json, ObjectMeta } from '../../api/kube-object.ts'
import type { LabelMatcher } from '../../api/label-selector.ts'
import type { ControllerRevision } from '../../api/types/apps-v1.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import { controllerOf, controllerRef } from '../../client/owner-reference.ts'
import { controllerRevisions } from '../../client/resources.ts'
import { hashOf } from './hash.ts'

export const revisionHashLabel = 'controller.kubernetes.io/hash'

interface Parent {
  metadata: ObjectMeta
}

/** The revisions that select `parent`'s, owned by it or by nobody, oldest first. */
export function listRevisions(
  informer: Informer<ControllerRevision>,
  parent: Parent,
  matches: LabelMatcher,
): ControllerRevision[] {
  return sortRevisions(
    informer.list(parent.metadata.namespace).filter((revision) => {
      const owner = controllerOf(revision)
      return (!owner || owner.uid === parent.metadata.uid) && matches(revision.metadata.labels)
    }),
  )
}

export function sortRevisions(revisions: ControllerRevision[]): ControllerRevision[] {
  const text = ({ metadata }: ControllerRevision): string => `${metadata.creationTimestamp} ${metadata.name}`
  return revisions.sort((a, b) => a.revision - b.revision || (text(a) < text(b) ? -1 : 1))
}

export function newRevision(
  parent: Parent,
  kind: string,
  templateLabels: Record<string, string> | undefined,
  data: Json,
  revision: number,
  collisionCount: number | undefined,
): ControllerRevision {
  const hash = hashOf(data, collisionCount)
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: revisionName(parent, hash),
      ...(parent.metadata.namespace && { namespace: parent.metadata.namespace }),
      labels: { ...templateLabels, [revisionHashLabel]: hash },
      ownerReferences: [controllerRef(parent, 'apps/v1', kind)],
    },
    data,
    revision,
  }
}

/** Revisions with the same content as `needle`, in their order. */
export function equalRevisions(
  revisions: ControllerRevision[],
  needle: ControllerRevision,
): ControllerRevision[] {
  return revisions.filter(({ data }) => deepEqual(data, needle.data))
}

function revisionName(parent: Parent, hash: string): string {
  return `${parent.metadata.name?.slice(0, 223)}-${hash}`
}

/** Creates a revision; another of its name with other content raises the collision count. */
export async function createRevision(
  client: Client,
  parent: Parent,
  revision: ControllerRevision,
  collisionCount: number,
): Promise<{ revision: ControllerRevision; collisionCount: number }> {
  for (let count = collisionCount; ; count++) {
    const name = revisionName(parent, hashOf(revision.data, count))
    const { namespace } = parent.metadata
    try {
      const named = { ...revision, metadata: { ...revision.metadata, name } }
      return {
        revision: await client.create(controllerRevisions, namespace, named),
        collisionCount: count,
      }
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
      const existing = await client.get<ControllerRevision>(controllerRevisions, namespace, name)
      if (deepEqual(existing.data, revision.data)) return { revision: existing, collisionCount: count }
    }
  }
}

/** Gives an old revision a new number: its content is the wanted one again. */
export async function renumberRevision(
  client: Client,
  revision: ControllerRevision,
  number: number,
): Promise<ControllerRevision> {
  if (revision.revision === number) return revision
  return client.update(controllerRevisions, { ...revision, revision: number })
}
