import { ApiError, isReason } from '../../api/api-error.ts'
import type { KubeObject, OwnerReference } from '../../api/kube-object.ts'
import type { Pod, PodTemplateSpec } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event-recorder.ts'
import { pods } from '../../client/resources.ts'
import { errorMessage, isNamespaceTerminating } from './errors.ts'

/** Creates and deletes pods on behalf of `owner`, whose events tell of it. */
export interface PodControl {
  create(pod: Pod, owner: KubeObject): Promise<Pod>
  delete(pod: Pod, owner: KubeObject): Promise<void>
}

/** A pod of a template: its labels, annotations, finalizers and spec, named after the owner. */
export function podFromTemplate(
  template: PodTemplateSpec,
  owner: { metadata: { name?: string; namespace?: string } },
  reference: OwnerReference,
): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata.name}-`,
      ...(owner.metadata.namespace && { namespace: owner.metadata.namespace }),
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [reference],
    },
    ...(template.spec && { spec: structuredClone(template.spec) }),
  }
}

export function createPodControl(client: Client, recorder: EventRecorder): PodControl {
  return {
    async create(pod, owner) {
      try {
        const created = await client.create(pods, pod.metadata.namespace, pod)
        recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`)
        return created
      } catch (error) {
        if (!isNamespaceTerminating(error)) {
          recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${errorMessage(error)}`)
        }
        throw error
      }
    },
    async delete(pod, owner) {
      const { namespace, name = '' } = pod.metadata
      try {
        await client.delete(pods, namespace, name)
        recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
      } catch (error) {
        if (isReason(error, 'NotFound')) throw error
        recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${errorMessage(error)}`)
        throw error instanceof ApiError ? error : new Error(`unable to delete pods: ${errorMessage(error)}`)
      }
    },
  }
}
