import { isReason } from '@minikube-ts/kubernetes/api/api-error.ts'
import type { GroupVersionResource, KubeObject } from '@minikube-ts/kubernetes/api/kube-object.ts'
import type { HttpClient } from '@minikube-ts/kubernetes/client/http-client.ts'
import { MinikubeError } from '../error.ts'
import { adminClient } from './api-client.ts'
import type { Cluster } from './cluster.ts'

const services: GroupVersionResource = { group: '', version: 'v1', resource: 'services' }
const endpoints: GroupVersionResource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  resource: 'endpointslices',
}

interface Service extends KubeObject {
  spec: {
    type?: string
    clusterIP?: string
    ports?: { name?: string; port: number; nodePort?: number; protocol?: string }[]
  }
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }
}

interface Slice extends KubeObject {
  endpoints?: { conditions?: { ready?: boolean } }[]
}

export interface ServiceUrl {
  ip: string
  port: number
  /** Name of the port, where it has one. */
  name: string
  /** What it is in the service: `http/80`. */
  target: string
}

export interface ServiceView {
  namespace: string
  name: string
  urls: ServiceUrl[]
}

export async function listServices(cluster: Cluster, namespace: string | undefined): Promise<ServiceView[]> {
  return withClient(cluster, async (client) => {
    const { items } = await client.list<Service>(services, namespace ? { namespace } : {})
    return items.map((service) => viewOf(service, cluster.primary.IP))
  })
}

/** A service's addresses once something is behind it; `wait` in milliseconds. */
export async function serviceUrls(
  cluster: Cluster,
  namespace: string,
  name: string,
  wait: number,
  signal: AbortSignal,
): Promise<ServiceView> {
  return withClient(cluster, async (client) => {
    try {
      const service = await client.get<Service>(services, namespace, name)
      if (service.spec.type !== 'ExternalName') await hasEndpoint(client, namespace, name, wait, signal)
      return viewOf(service, cluster.primary.IP)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      throw new MinikubeError(
        'SVC_NOT_FOUND',
        `there is no service "${name}" in the namespace "${namespace}"`,
        {
          advice: "'minikube service list' shows those that there are; name another namespace with -n.",
        },
      )
    }
  })
}

async function hasEndpoint(
  client: HttpClient,
  namespace: string,
  name: string,
  wait: number,
  signal: AbortSignal,
): Promise<void> {
  const found = new AbortController()
  const timeout = AbortSignal.timeout(wait)
  const until = AbortSignal.any([signal, found.signal, timeout])
  const labelSelector = `kubernetes.io/service-name=${name}`
  for await (const { object } of client.watch<Slice>(endpoints, {
    namespace,
    labelSelector,
    signal: until,
  })) {
    if (!object.endpoints?.some(({ conditions }) => conditions?.ready !== false)) continue
    found.abort()
    return
  }
  signal.throwIfAborted()
  throw new MinikubeError('SVC_UNREACHABLE', `nothing that is ready is behind the service "${name}"`, {
    advice: `See 'kubectl -n ${namespace} describe service ${name}'.`,
  })
}

/** Load balancer address, node port, or cluster address: this machine reaches all of them. */
function viewOf({ metadata, spec, status }: Service, nodeIP: string): ServiceView {
  const balancer = status?.loadBalancer?.ingress?.[0]?.ip
  const cluster = spec.clusterIP && spec.clusterIP !== 'None' ? spec.clusterIP : undefined
  const urls = (spec.ports ?? []).flatMap(({ name = '', port, nodePort }): ServiceUrl[] => {
    const target = `${name ? `${name}/` : ''}${port}`
    if (balancer) return [{ ip: balancer, port, name, target }]
    if (nodePort) return [{ ip: nodeIP, port: nodePort, name, target }]
    return cluster ? [{ ip: cluster, port, name, target }] : []
  })
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '', urls }
}

async function withClient<T>(cluster: Cluster, action: (client: HttpClient) => Promise<T>): Promise<T> {
  const client = await adminClient(cluster)
  try {
    return await action(client)
  } catch (error) {
    if (!isReason(error, 'ServiceUnavailable')) throw error
    throw new MinikubeError('K8S_APISERVER_STOPPED', 'the API server cannot be reached', {
      advice: `Start the cluster with 'minikube start -p ${cluster.profile.Name}'.`,
    })
  } finally {
    client.close()
  }
}
