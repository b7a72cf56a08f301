import { isIPv6 } from 'node:net'
import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { Endpoints, Pod, Service } from '../../api/types/core-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { isPodReady } from '../../client/pod-state.ts'
import { endpoints, services } from '../../client/resources.ts'
import { errorMessage, isNamespaceTerminating } from '../common/errors.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { type EndpointEntry, packSubsets, truncateSubsets, unpackSubsets } from './endpoint-subsets.ts'
import {
  endpointHostname,
  followServicePods,
  hasEndpoint,
  isHeadless,
  podAddresses,
  podsOfService,
  targetPortNumber,
} from './service-pods.ts'

const name = 'endpoint-controller'
const managedBy = 'endpoints.kubernetes.io/managed-by'
const headless = 'service.kubernetes.io/headless'
const overCapacity = 'endpoints.kubernetes.io/over-capacity'
const capacity = 1000

/** Keeps the (old) Endpoints of each Service with a selector; keys are those of Services. */
export function startEndpointsController(context: ControllerContext): Controller {
  const { client } = context
  const events = context.recorder(name)
  const cache = context.informers.informer<Service>(services)
  const pods = podInformer(context)
  const lists = context.informers.informer<Endpoints>(endpoints)
  const caches = [cache, pods, lists]
  const loop = createLoop(context, { name, caches, reconcile })
  loop.follow(cache)
  followServicePods(loop, cache, pods)
  loop.listen(lists, ({ current, old }) => {
    if (!current && old) loop.queue.add(keyOf(old))
  })
  // Services that went away while nobody was looking.
  void Promise.all(caches.map(({ synced }) => synced)).then(() => {
    for (const list of lists.list()) loop.queue.add(keyOf(list))
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: serviceName } = splitKey(key)
    const service = cache.get(namespace, serviceName)
    const existing = lists.get(namespace, serviceName)
    if (!service) {
      if (existing?.metadata.annotations?.['control-plane.alpha.kubernetes.io/leader']) return
      if (existing) await remove(namespace, serviceName)
      return
    }
    if (service.spec?.type === 'ExternalName' || !service.spec?.selector) return
    const subsets = packSubsets(podsOfService(pods, service).flatMap((pod) => entriesOf(pod, service)))
    const truncated = truncateSubsets(subsets, capacity)
    const labels = {
      ...service.metadata.labels,
      ...(isHeadless(service) && { [headless]: '' }),
      [managedBy]: name,
    }
    const { [overCapacity]: mark, ...annotations } = existing?.metadata.annotations ?? {}
    if (
      existing &&
      deepEqual(packSubsets(unpackSubsets(existing.subsets)), subsets) &&
      deepEqual(existing.metadata.labels, labels) &&
      (mark === 'truncated') === truncated
    ) {
      return
    }
    await write(service, {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: {
        ...(existing?.metadata ?? { name: serviceName, namespace }),
        labels,
        annotations: { ...annotations, ...(truncated && { [overCapacity]: 'truncated' }) },
      },
      ...(subsets.length > 0 && { subsets }),
    })
  }

  async function write(service: Service, wanted: Endpoints): Promise<void> {
    const { namespace, name: serviceName } = service.metadata
    const isNew = wanted.metadata.resourceVersion === undefined
    try {
      if (isNew) await client.create(endpoints, namespace, wanted)
      else await client.update(endpoints, wanted)
    } catch (error) {
      if (isNew && isNamespaceTerminating(error)) return
      if (!isReason(error, 'Conflict')) {
        const what = isNew ? 'create endpoint for service' : 'update endpoint'
        const message = `Failed to ${what} ${namespace}/${serviceName}: ${errorMessage(error)}`
        events.event(
          { ...wanted },
          'Warning',
          isNew ? 'FailedToCreateEndpoint' : 'FailedToUpdateEndpoint',
          message,
        )
      }
      throw error
    }
  }

  async function remove(namespace: string, serviceName: string): Promise<void> {
    try {
      await client.delete(endpoints, namespace, serviceName)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  return loop
}

function entriesOf(pod: Pod, service: Service): EndpointEntry[] {
  const tolerant = service.spec?.publishNotReadyAddresses === true
  if (!hasEndpoint(pod, tolerant)) return []
  const family = service.spec?.ipFamilies?.[0]
  const clusterIP = service.spec?.clusterIP ?? ''
  const wantIPv6 = family
    ? family === 'IPv6'
    : isIPv6(isHeadless(service) ? (pod.status?.podIP ?? '') : clusterIP)
  const ip = podAddresses(pod).find((address) => isIPv6(address) === wantIPv6)
  if (!ip) return []
  const { namespace, name: podName, uid } = pod.metadata
  const hostname = endpointHostname(pod, service)
  const address = {
    ip,
    ...(hostname && { hostname }),
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name: podName, uid },
  }
  const ready = tolerant || isPodReady(pod)
  const ports = service.spec?.ports ?? []
  if (ports.length === 0) return isHeadless(service) ? [{ address, ready }] : []
  return ports.flatMap((servicePort) => {
    const port = targetPortNumber(pod, servicePort)
    if (port === undefined) return []
    const { name: portName, protocol = 'TCP', appProtocol } = servicePort
    return {
      address,
      ready,
      port: { ...(portName && { name: portName }), port, protocol, ...(appProtocol && { appProtocol }) },
    }
  })
}
