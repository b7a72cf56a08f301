import type { Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { endpointSlices, services } from '../../client/resources.ts'
import { lookUp, lookUpAll, type StoreReader } from '../auth/store-reader.ts'

/** `WebhookClientConfig` of admission webhooks and of conversions: both kinds have the same. */
export interface WebhookClientConfig {
  url?: string
  service?: { namespace: string; name: string; path?: string; port?: number }
  /** Base64 of PEM. */
  caBundle?: string
}

export interface WebhookTarget {
  url: URL
  /** Connect here, instead of to the URL's host. */
  address?: string
  port?: number
  /** PEM; the system's CAs when absent. */
  ca?: string
}

/**
 * Where a webhook is: its URL, or a ready endpoint of its service, which answers for `<name>.<namespace>.svc`.
 * @throws Error when the service has none
 */
export function webhookTarget(store: StoreReader, config: WebhookClientConfig): WebhookTarget {
  const ca = config.caBundle ? Buffer.from(config.caBundle, 'base64').toString('utf8') : undefined
  const { service } = config
  if (!service) return { url: new URL(config.url ?? ''), ...(ca && { ca }) }
  const { namespace, name, path = '/', port = 443 } = service
  const host = `${name}.${namespace}.svc`
  const url = new URL(`https://${host}:${port}${path.startsWith('/') ? path : `/${path}`}`)
  const found = lookUp<Service>(store, services, namespace, name)
  if (!found) throw new Error(`service ${JSON.stringify(name)} not found`)
  if (found.spec?.type === 'ExternalName' && found.spec.externalName) {
    return { url, address: found.spec.externalName, port, ...(ca && { ca }) }
  }
  const servicePort = found.spec?.ports?.find((each) => each.port === port)
  if (!servicePort) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`)
  const endpoint = readyEndpoint(store, namespace, name, servicePort.name ?? '')
  if (!endpoint) throw new Error(`no endpoints available for service ${JSON.stringify(name)}`)
  return { url, ...endpoint, ...(ca && { ca }) }
}

function readyEndpoint(
  store: StoreReader,
  namespace: string,
  service: string,
  portName: string,
): { address: string; port: number } | undefined {
  const candidates = lookUpAll<EndpointSlice>(store, endpointSlices, namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
    .flatMap(({ ports = [], endpoints = [] }) => {
      const port = ports?.find((each) => (each.name ?? '') === portName)?.port
      if (!port) return []
      return (endpoints ?? [])
        .filter(({ conditions, addresses }) => conditions?.ready !== false && addresses[0])
        .map(({ addresses }) => ({ address: addresses[0]!, port }))
    })
  return candidates[Math.floor(Math.random() * candidates.length)]
}
