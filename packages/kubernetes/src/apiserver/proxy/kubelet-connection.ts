import { Agent } from 'node:https'
import { ApiError } from '../../api/api-error.ts'
import type { Node } from '../../api/types/core-v1.ts'
import { nodes } from '../../client/resources.ts'
import type { UpgradeTarget } from '../../streaming/upgrade/upgrade-target.ts'
import { lookUp, type StoreReader } from '../auth/store-reader.ts'

const addressTypes = ['InternalIP', 'ExternalIP', 'Hostname']
const defaultPort = 10250

/** PEM: what the API server shows kubelets, and who signs what they show. */
export interface KubeletCredentials {
  ca: string
  cert: string
  key: string
}

/** Where kubelets are and how to speak with them. */
export class KubeletConnection {
  readonly #store: StoreReader
  readonly #tls: NonNullable<UpgradeTarget['tls']>
  readonly agent: Agent

  constructor(store: StoreReader, credentials: KubeletCredentials) {
    this.#store = store
    this.#tls = credentials
    this.agent = new Agent({ ...credentials, keepAlive: true, maxFreeSockets: 4 })
  }

  /** @throws ApiError NotFound; ServiceUnavailable when the node has told no address yet */
  target(nodeName: string, path: string, query = ''): UpgradeTarget {
    const node = lookUp<Node>(this.#store, nodes, '', nodeName)
    if (!node) throw ApiError.notFound('', 'nodes', nodeName)
    const { addresses = [], daemonEndpoints } = node.status ?? {}
    const address = addressTypes.flatMap((type) => addresses.filter((each) => each.type === type))[0]?.address
    if (!address) {
      throw new ApiError('ServiceUnavailable', `no preferred addresses found; known addresses: []`)
    }
    const port = daemonEndpoints?.kubeletEndpoint?.Port || defaultPort
    const host = address.includes(':') ? `[${address}]` : address
    const url = new URL(`https://${host}:${port}${path}${query && `?${query}`}`)
    return { url, tls: this.#tls }
  }

  close(): void {
    this.agent.destroy()
  }
}
