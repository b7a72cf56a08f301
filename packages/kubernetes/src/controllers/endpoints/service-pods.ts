import { deepEqual } from '../../api/json.ts'
import { labelMapMatcher } from '../../api/label-selector.ts'
import { isSidecar } from '../../api/scheduling/pod-resources.ts'
import type { Container, Pod, Service, ServicePort } from '../../api/types/core-v1.ts'
import { type Informer, keyOf } from '../../client/informer.ts'
import { isPodReady, isPodTerminal } from '../../client/pod-state.ts'
import type { Loop } from '../common/loop.ts'

/** The pods that a Service's selector selects; none without a selector. */
export function podsOfService(pods: Informer<Pod>, { metadata, spec }: Service): Pod[] {
  if (!spec?.selector) return []
  const matches = labelMapMatcher(spec.selector)
  return pods.list(metadata.namespace).filter((pod) => matches(pod.metadata.labels))
}

/** Queues Services whose endpoints a change of a pod may change. */
export function followServicePods(loop: Loop, services: Informer<Service>, pods: Informer<Pod>): void {
  const wake = (namespace: string, ...labels: (Record<string, string> | undefined)[]): void => {
    for (const service of services.list(namespace)) {
      if (!service.spec?.selector) continue
      const matches = labelMapMatcher(service.spec.selector)
      if (labels.some((each) => matches(each))) loop.queue.add(keyOf(service))
    }
  }
  loop.listen(pods, ({ current, old }) => {
    const namespace = (current ?? old)?.metadata.namespace ?? ''
    if (!current || !old) wake(namespace, (current ?? old)?.metadata.labels)
    else if (mattersToEndpoints(old, current)) wake(namespace, current.metadata.labels, old.metadata.labels)
  })
}

function mattersToEndpoints(old: Pod, current: Pod): boolean {
  return (
    old.metadata.deletionTimestamp !== current.metadata.deletionTimestamp ||
    isPodReady(old) !== isPodReady(current) ||
    isPodTerminal(old) !== isPodTerminal(current) ||
    old.spec?.nodeName !== current.spec?.nodeName ||
    old.spec?.hostname !== current.spec?.hostname ||
    old.spec?.subdomain !== current.spec?.subdomain ||
    !deepEqual(old.metadata.labels, current.metadata.labels) ||
    !deepEqual(old.status?.podIPs, current.status?.podIPs)
  )
}

/** It has an address and has not ended; those that are ending count where the caller can say so. */
export function hasEndpoint(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodTerminal(pod) || !podAddresses(pod).length) return false
  return includeTerminating || !pod.metadata.deletionTimestamp
}

export function podAddresses({ status }: Pod): string[] {
  const addresses = status?.podIPs?.map(({ ip }) => ip ?? '').filter(Boolean) ?? []
  return addresses.length > 0 || !status?.podIP ? addresses : [status.podIP]
}

/** The pod's own name within the Service's domain. */
export function endpointHostname({ spec }: Pod, service: Service): string | undefined {
  return spec?.hostname && spec.subdomain === service.metadata.name ? spec.hostname : undefined
}

/** Number of the pod's port that a Service's port points at. */
export function targetPortNumber(
  pod: Pod,
  { targetPort, port, protocol = 'TCP' }: ServicePort,
): number | undefined {
  if (targetPort === undefined || targetPort === 0) return port
  if (typeof targetPort === 'number') return targetPort
  const find = (containers: Container[] = []): number | undefined =>
    containers
      .flatMap(({ ports = [] }) => ports)
      .find((each) => each.name === targetPort && (each.protocol ?? 'TCP') === protocol)?.containerPort
  return find(pod.spec?.containers) ?? find(pod.spec?.initContainers?.filter(isSidecar))
}

export function isHeadless({ spec }: Service): boolean {
  return !spec?.clusterIP || spec.clusterIP === 'None'
}
