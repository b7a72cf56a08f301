import { isReason } from '../api/api-error.ts'
import { deepEqual } from '../api/json.ts'
import type { Service } from '../api/types/core-v1.ts'
import type { EndpointSlice } from '../api/types/discovery-v1.ts'
import type { Client } from '../client/client.ts'
import { createWorkQueue } from '../client/create-work-queue.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import * as resources from '../client/resources.ts'
import { retryOnConflict } from '../client/retry-on-conflict.ts'
import type { Logger } from '../log.ts'

export interface DnsServiceOptions {
  client: Client
  informers: InformerFactory
  log: Logger
  /** Cluster IP of the Service. */
  clusterIP: string
  /** Where the server listens. */
  address: string
}

/** Ports that the server listens on. */
export interface DnsPorts {
  port: number
  metricsPort: number
}

export interface DnsService {
  /** The server answers: lead clients there. */
  publish(ports: DnsPorts): void
  stop(): Promise<void>
}

const namespace = 'kube-system'
const name = 'kube-dns'

/**
 * Keeps the `kube-dns` Service, which has no selector because no pod serves it, and, once the server answers, the slice
 * that leads there; they come back when somebody deletes or changes them.
 */
export function maintainDnsService(options: DnsServiceOptions): DnsService {
  const { client, informers, log } = options
  const services = informers.informer<Service>(resources.services)
  const slices = informers.informer<EndpointSlice>(resources.endpointSlices)
  const service = serviceOf(options)
  let ports: DnsPorts | undefined

  async function reconcile(): Promise<void> {
    const current = services.get(namespace, name)
    if (!current) await create(() => client.create(resources.services, namespace, service))
    else if (current.spec?.clusterIP !== options.clusterIP) {
      // A cluster IP cannot be changed.
      await client.delete(resources.services, namespace, name)
      return
    } else if (!samePorts(current, service)) {
      await retryOnConflict(() =>
        client.patch(resources.services, namespace, name, 'merge', { spec: service.spec }),
      )
    }
    if (!ports) return
    const slice = sliceOf(options.address, ports)
    const known = slices.get(namespace, name)
    if (!known) await create(() => client.create(resources.endpointSlices, namespace, slice))
    else if (!deepEqual(known.endpoints, slice.endpoints) || !deepEqual(portsOf(known), portsOf(slice))) {
      const patch = { endpoints: slice.endpoints, ports: slice.ports }
      await client.patch(resources.endpointSlices, namespace, name, 'merge', patch)
    }
  }

  const queue = createWorkQueue({
    name: 'kube-dns',
    workers: 1,
    maxBackoffMs: 1000,
    ready: Promise.all([services.synced, slices.synced]),
    reconcile,
    onError: (_, error) => {
      // The namespace is made while we start.
      if (!isReason(error, 'NotFound')) log.warn('kube-dns Service not written', { error })
    },
  })
  const wake = ({ current, old }: { current?: Service | EndpointSlice; old?: Service | EndpointSlice }) => {
    const { metadata } = (current ?? old) as Service
    if (metadata.namespace === namespace && metadata.name === name) queue.add(name)
  }
  const stops = [services.listen(wake), slices.listen(wake)]
  queue.add(name)
  return {
    publish(published) {
      ports = published
      queue.add(name)
    },
    stop() {
      for (const stop of stops) stop()
      return queue.stop()
    },
  }
}

/** Somebody was faster: as good. */
async function create(make: () => Promise<unknown>): Promise<void> {
  try {
    await make()
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}

function serviceOf({ clusterIP }: DnsServiceOptions): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace,
      labels: {
        'k8s-app': 'kube-dns',
        'kubernetes.io/cluster-service': 'true',
        'kubernetes.io/name': 'CoreDNS',
      },
      annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
    },
    spec: {
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [
        { name: 'dns', protocol: 'UDP', port: 53, targetPort: 53 },
        { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: 53 },
        { name: 'metrics', protocol: 'TCP', port: 9153, targetPort: 9153 },
      ],
    },
  }
}

function sliceOf(address: string, { port, metricsPort }: DnsPorts): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace,
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'dns-server',
        'k8s-app': 'kube-dns',
      },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
    ports: [
      { name: 'dns', protocol: 'UDP', port },
      { name: 'dns-tcp', protocol: 'TCP', port },
      { name: 'metrics', protocol: 'TCP', port: metricsPort },
    ],
  }
}

function samePorts(current: Service, wanted: Service): boolean {
  const shape = ({ spec }: Service) =>
    (spec?.ports ?? []).map(({ name, port, protocol }) => [name, port, protocol])
  return deepEqual(shape(current), shape(wanted))
}

function portsOf({ ports }: EndpointSlice): unknown {
  return (ports ?? []).map(({ name, port, protocol }) => [name, port, protocol])
}
