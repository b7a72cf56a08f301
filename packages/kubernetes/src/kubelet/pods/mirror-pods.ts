import { isReason } from '../../api/api-error.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { pods } from '../../client/resources.ts'
import type { Logger } from '../../log.ts'
import { hashAnnotation, mirrorAnnotation, type NodePod } from './node-pod.ts'

export interface MirrorPodsOptions {
  client: Client | undefined
  log: Logger
  node(): Node | undefined
}

/** Pictures of static pods in the API, so that users see them there. */
export class MirrorPods {
  private readonly options: MirrorPodsOptions

  constructor(options: MirrorPodsOptions) {
    this.options = options
  }

  /** Makes the mirror of a static pod, or makes it anew when it shows another one. Never throws. */
  async ensure(pod: NodePod, current: Pod | undefined): Promise<void> {
    const { client, log, node } = this.options
    const owner = node()
    if (!client || !owner) return
    if (current && isMirrorOf(current, pod)) return
    try {
      if (current) await this.remove(current)
      await client.create(pods, pod.metadata.namespace, mirrorOf(pod, owner))
    } catch (error) {
      if (isReason(error, 'AlreadyExists')) return
      log.warn('mirror pod not made', { pod: pod.metadata.name, error })
    }
  }

  /** The static pod is gone, and with it the picture. Never throws. */
  async remove(mirror: Pod): Promise<void> {
    const { client, log } = this.options
    const { name = '', namespace, uid = '' } = mirror.metadata
    try {
      await client?.delete(pods, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } })
    } catch (error) {
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) {
        log.warn('mirror pod not deleted', { pod: name, error })
      }
    }
  }
}

function isMirrorOf(mirror: Pod, pod: NodePod): boolean {
  return (
    mirror.metadata.deletionTimestamp === undefined &&
    mirror.metadata.annotations?.[mirrorAnnotation] === pod.metadata.annotations?.[hashAnnotation]
  )
}

function mirrorOf(pod: NodePod, node: Node): Pod {
  const { name, namespace, labels, annotations } = pod.metadata
  const { name: nodeName = '', uid = '' } = node.metadata
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      ...(labels && { labels }),
      annotations: { ...annotations, [mirrorAnnotation]: annotations?.[hashAnnotation] ?? '' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid, controller: true }],
    },
    spec: pod.spec,
  }
}
