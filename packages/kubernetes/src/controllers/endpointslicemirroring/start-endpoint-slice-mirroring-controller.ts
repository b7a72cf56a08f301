import { isIP, isIPv6 } from 'node:net'
import { deepEqual } from '../../api/json.ts'
import type { EndpointAddress, Endpoints, Service } from '../../api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '../../api/types/discovery-v1.ts'
import { splitKey } from '../../client/informer.ts'
import { controllerRef } from '../../client/owner-reference.ts'
import { endpointSlices, endpoints, services } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { packSubsets, unpackSubsets } from '../endpoints/endpoint-subsets.ts'
import { endpointKey, type PortGroup, portGroupKey } from '../endpointslice/desired-slices.ts'
import {
  managedByLabel,
  type SliceChanges,
  SliceWriter,
  serviceNameLabel,
} from '../endpointslice/slice-writer.ts'

const manager = 'endpointslicemirroring-controller.k8s.io'
const maxPerSubset = 1000
const notMirrored = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
])

/** Shows Endpoints that users wrote for Services without a selector as EndpointSlices; keys are those of Endpoints. */
export function startEndpointSliceMirroringController(context: ControllerContext): Controller {
  const name = 'endpoint-slice-mirroring-controller'
  const events = context.recorder(name)
  const cache = context.informers.informer<Endpoints>(endpoints)
  const serviceCache = context.informers.informer<Service>(services)
  const slices = context.informers.informer<EndpointSlice>(endpointSlices)
  const writer = new SliceWriter(context.client, slices)
  slices.addIndex('mirrored service', groupOf)
  const loop = createLoop(context, { name, caches: [cache, serviceCache, slices], reconcile })
  loop.follow(cache)
  loop.listen(serviceCache, ({ current, old }) => {
    const service = current ?? old
    const switched = old && current && !old.spec?.selector !== !current.spec?.selector
    if (!service || (old && current && !switched)) return
    if (!service.spec?.selector || switched) {
      loop.queue.add(`${service.metadata.namespace}/${service.metadata.name}`)
    }
  })
  loop.listen(slices, ({ current, old }) => {
    for (const group of new Set([current, old].flatMap((slice) => (slice ? groupOf(slice) : [])))) {
      const slice = current ?? old
      if (slice && writer.observe(group, slice, !current)) loop.queue.add(group)
    }
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: objectName } = splitKey(key)
    const list = cache.get(namespace, objectName)
    const service = serviceCache.get(namespace, objectName)
    if (writer.mustWait(key)) return
    const existing = slices.byIndex('mirrored service', key)
    if (!list || !service || service.spec?.selector || !isMirrored(list)) {
      for (const slice of existing) await writer.delete(key, slice)
      return
    }
    if (list.metadata.deletionTimestamp) return
    await writer.write(key, changesOf(list, existing))
  }

  function changesOf(list: Endpoints, existing: EndpointSlice[]): SliceChanges {
    const groups = desiredGroups(list)
    const changes: SliceChanges = { create: [], update: [], delete: [] }
    const keyOfSlice = (slice: EndpointSlice): string => `${slice.addressType} ${portGroupKey(slice.ports)}`
    for (const [group, { ports, endpoints: wanted, addressType }] of groups) {
      const [slice, ...surplus] = existing.filter((each) => keyOfSlice(each) === group)
      changes.delete.push(...surplus)
      if (wanted.size === 0) {
        if (slice) changes.delete.push(slice)
        continue
      }
      const next = newSlice(list, addressType, ports, [...wanted.values()].slice(0, maxPerSubset))
      if (!slice) changes.create.push(next)
      else if (!isSame(slice, next)) {
        const { generateName: _, ...metadata } = next.metadata
        const { name: sliceName, resourceVersion } = slice.metadata
        changes.update.push({ ...next, metadata: { ...metadata, name: sliceName, resourceVersion } })
      }
    }
    changes.delete.push(...existing.filter((slice) => !groups.has(keyOfSlice(slice))))
    return changes
  }

  function desiredGroups(list: Endpoints): Map<string, PortGroup & { addressType: string }> {
    const groups = new Map<string, PortGroup & { addressType: string }>()
    let invalid = 0
    let skipped = 0
    for (const subset of packSubsets(unpackSubsets(list.subsets))) {
      const ports = (subset.ports ?? []).map(
        ({ name: portName = '', port, protocol = 'TCP', appProtocol }) => ({
          name: portName,
          protocol,
          port,
          ...(appProtocol && { appProtocol }),
        }),
      )
      let added = 0
      const add = (address: EndpointAddress, ready: boolean): void => {
        if (!isIP(address.ip)) invalid++
        else if (added >= maxPerSubset) skipped++
        else {
          added++
          const addressType = isIPv6(address.ip) ? 'IPv6' : 'IPv4'
          const group = `${addressType} ${portGroupKey(ports)}`
          const known = groups.get(group) ?? { ports, addressType, endpoints: new Map<string, Endpoint>() }
          groups.set(group, known)
          const endpoint = endpointOf(address, ready)
          known.endpoints.set(endpointKey(endpoint), endpoint)
        }
      }
      for (const address of subset.addresses ?? []) add(address, true)
      for (const address of subset.notReadyAddresses ?? []) add(address, false)
    }
    if (invalid > 0) {
      const message = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`
      events.event({ ...list }, 'Warning', 'InvalidIPAddress', message)
    }
    if (skipped > 0) {
      const message = `A max of ${maxPerSubset} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`
      events.event({ ...list }, 'Warning', 'TooManyAddressesToMirror', message)
    }
    return groups
  }

  return loop
}

function isMirrored({ metadata }: Endpoints): boolean {
  return (
    metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'] !== 'true' &&
    metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] === undefined
  )
}

function endpointOf(address: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [address.ip],
    conditions: { ready },
    ...(address.hostname && { hostname: address.hostname }),
    ...(address.targetRef && { targetRef: address.targetRef }),
    ...(address.nodeName && { nodeName: address.nodeName }),
  }
}

function newSlice(
  list: Endpoints,
  addressType: string,
  ports: PortGroup['ports'],
  wanted: Endpoint[],
): EndpointSlice {
  const { name = '', namespace, labels, annotations } = list.metadata
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      ...(namespace && { namespace }),
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: manager },
      annotations: Object.fromEntries(
        Object.entries(annotations ?? {}).filter(([key]) => !notMirrored.has(key)),
      ),
      ownerReferences: [controllerRef(list, 'v1', 'Endpoints')],
    },
    addressType,
    endpoints: wanted,
    ports,
  }
}

function isSame(slice: EndpointSlice, next: EndpointSlice): boolean {
  const byKey = (endpoints: Endpoint[] = []): object =>
    Object.fromEntries(endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]))
  return (
    deepEqual(byKey(slice.endpoints), byKey(next.endpoints)) &&
    deepEqual(slice.metadata.labels, next.metadata.labels) &&
    deepEqual(slice.metadata.annotations ?? {}, next.metadata.annotations) &&
    slice.metadata.ownerReferences?.[0]?.uid === next.metadata.ownerReferences?.[0]?.uid
  )
}

function groupOf({ metadata }: EndpointSlice): string[] {
  const service = metadata.labels?.[serviceNameLabel]
  if (!service || metadata.labels?.[managedByLabel] !== manager) return []
  return [`${metadata.namespace}/${service}`]
}
