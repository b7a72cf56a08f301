import { isReason } from '../../api/api-error.ts'
import { toMicroTime } from '../../api/time.ts'
import type { Lease } from '../../api/types/coordination-v1.ts'
import type { Node } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { leases } from '../../client/resources.ts'

const namespace = 'kube-node-lease'
const durationSeconds = 40

/** The node's sign of life. */
export class NodeLease {
  private readonly client: Client
  private readonly name: string
  private exists = false

  constructor(client: Client, name: string) {
    this.client = client
    this.name = name
  }

  /** @throws ApiError */
  async renew(node: Node | undefined): Promise<void> {
    const renewTime = toMicroTime(Date.now())
    if (this.exists) {
      try {
        await this.client.patch(leases, namespace, this.name, 'merge', { spec: { renewTime } })
        return
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
        this.exists = false
      }
    }
    const uid = node?.metadata.uid
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: this.name,
        namespace,
        ...(uid && { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: this.name, uid }] }),
      },
      spec: { holderIdentity: this.name, leaseDurationSeconds: durationSeconds, renewTime },
    }
    try {
      await this.client.create(leases, namespace, lease)
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
      await this.client.patch(leases, namespace, this.name, 'merge', { spec: lease.spec ?? {} })
    }
    this.exists = true
  }
}
