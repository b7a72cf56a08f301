import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { KubeObject } from '../../api/kube-object.ts'
import type { Client, ResourceRef } from '../../client/client.ts'
import { endpointSlices, endpoints, serviceCIDRs, services } from '../../client/resources.ts'
import { AddressRange } from '../registry/services/address-range.ts'
import { ensure } from './ensure.ts'

const name = 'kubernetes'
const namespace = 'default'

/** The Service under which pods reach this API server, and where it leads. */
export async function reconcileKubernetesService(
  client: Client,
  options: { serviceCidr: string; advertiseAddress: string; port: number },
): Promise<void> {
  const { serviceCidr, advertiseAddress, port } = options
  const family = advertiseAddress.includes(':') ? 'IPv6' : 'IPv4'
  const address = new AddressRange(serviceCidr).at(1)
  const ports = [{ name: 'https', port, protocol: 'TCP' }]
  await ensure(client, serviceCIDRs, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name },
    spec: { cidrs: [serviceCidr] },
  })
  const current = await find(client, services)
  const targetPort = (current?.spec as { ports?: { targetPort?: number }[] } | undefined)?.ports?.[0]
    ?.targetPort
  const service: KubeObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      clusterIP: address,
      clusterIPs: [address],
      ipFamilies: [family],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      type: 'ClusterIP',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
    },
  }
  if (!current) await client.create(services, namespace, service)
  else if (targetPort !== port)
    await client.update(services, { ...service, metadata: current.metadata ?? {} })

  // Pods have a loopback of their own: the API does not take such endpoints, and nobody misses them.
  if (/^127\.|^::1$/.test(advertiseAddress)) return
  await put(client, endpoints, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: advertiseAddress }], ports }],
  })
  await put(client, endpointSlices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: family,
    endpoints: [{ addresses: [advertiseAddress], conditions: { ready: true } }],
    ports,
  })
}

/** Creates the object or brings everything but its metadata up to date. */
async function put(client: Client, resource: ResourceRef, object: KubeObject): Promise<void> {
  const current = await find(client, resource)
  if (!current) {
    await client.create(resource, namespace, object)
    return
  }
  const next = { ...current, ...object, metadata: current.metadata ?? {} }
  if (!deepEqual(next, current)) await client.update(resource, next)
}

async function find(client: Client, resource: ResourceRef): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, namespace, name)
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}
