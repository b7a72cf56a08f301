import { isReason } from '../../api/api-error.ts'
import type { KubeObject } from '../../api/kube-object.ts'
import type { Client, ResourceRef } from '../../client/client.ts'

/** Creates an object unless there is one of its name already. */
export async function ensure(client: Client, resource: ResourceRef, object: KubeObject): Promise<void> {
  try {
    await client.create(resource, object.metadata?.namespace, object)
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}
