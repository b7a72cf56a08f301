import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { Node, Pod, Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { endpointSlices, nodes, services } from '../../client/resources.ts'
import { errorMessage } from '../common/errors.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { followServicePods, podsOfService } from '../endpoints/service-pods.ts'
import { addressTypesOf, desiredGroups, newSlice, portGroupKey, sliceManager } from './desired-slices.ts'
import { packSlices } from './pack-slices.ts'
import { managedByLabel, type SliceChanges, SliceWriter, serviceNameLabel } from './slice-writer.ts'
import { applyHints } from './traffic-distribution.ts'

const maxPerSlice = 100

/** Keeps the EndpointSlices of each Service with a selector; keys are those of Services. */
export function startEndpointSliceController(context: ControllerContext): Controller {
  const name = 'endpoint-slice-controller'
  const events = context.recorder(name)
  const cache = context.informers.informer<Service>(services)
  const pods = podInformer(context)
  const nodeCache = context.informers.informer<Node>(nodes)
  const slices = context.informers.informer<EndpointSlice>(endpointSlices)
  const writer = new SliceWriter(context.client, slices)
  const waitingForNode = new Map<string, Set<string>>()
  slices.addIndex('service', groupOf)
  const loop = createLoop(context, { name, caches: [cache, pods, nodeCache, slices], reconcile })
  loop.follow(cache)
  followServicePods(loop, cache, pods)
  loop.listen(slices, ({ current, old }) => {
    for (const group of new Set([current, old].flatMap((slice) => (slice ? groupOf(slice) : [])))) {
      const slice = current ?? old
      if (slice && writer.observe(group, slice, !current)) loop.queue.add(group)
    }
  })
  loop.listen(nodeCache, ({ current, old }) => {
    const node = (current ?? old)?.metadata.name ?? ''
    if (current && !old) {
      for (const key of waitingForNode.get(node) ?? []) loop.queue.add(key)
      waitingForNode.delete(node)
    }
    const zone = 'topology.kubernetes.io/zone'
    if (!old || !current || old.metadata.labels?.[zone] === current.metadata.labels?.[zone]) return
    for (const service of cache.list()) {
      if (podsOfService(pods, service).some(({ spec }) => spec?.nodeName === node))
        loop.queue.add(keyOf(service))
    }
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: serviceName } = splitKey(key)
    const service = cache.get(namespace, serviceName)
    // The slices of a Service that is gone are the garbage collector's.
    if (!service?.spec?.selector || service.spec.type === 'ExternalName') return
    if (service.metadata.deletionTimestamp || writer.mustWait(key)) return
    const existing = slices.byIndex('service', key).filter(({ metadata }) => !metadata.deletionTimestamp)
    const selected = podsOfService(pods, service)
    const types = addressTypesOf(service)
    try {
      for (const type of types) await reconcileType(key, service, selected, type, existing)
      for (const slice of existing) {
        if (!types.includes(slice.addressType)) await writer.delete(key, slice)
      }
    } catch (error) {
      if (!isReason(error, 'Conflict')) {
        const message = `Error updating Endpoint Slices for Service ${key}: ${errorMessage(error)}`
        events.event(
          { apiVersion: 'v1', kind: 'Service', metadata: service.metadata },
          'Warning',
          'FailedToUpdateEndpointSlices',
          message,
        )
      }
      throw error
    }
  }

  async function reconcileType(
    key: string,
    service: Service,
    selected: Pod[],
    addressType: string,
    all: EndpointSlice[],
  ): Promise<void> {
    const existing = all.filter((slice) => slice.addressType === addressType)
    const owned = existing.filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ uid }) => uid === service.metadata.uid),
    )
    const { groups, withoutNode } = desiredGroups(service, selected, addressType, (node) =>
      nodeCache.get('', node),
    )
    for (const { spec } of withoutNode) {
      const node = spec?.nodeName ?? ''
      waitingForNode.set(node, (waitingForNode.get(node) ?? new Set()).add(key))
    }
    const changes: SliceChanges = {
      create: [],
      update: [],
      delete: existing.filter((slice) => !owned.includes(slice)),
    }
    const labels = newSlice(service, addressType, [], []).metadata.labels ?? {}
    for (const [group, { ports, endpoints }] of groups) {
      const packed = packSlices({
        existing: owned.filter((slice) => portGroupKey(slice.ports) === group),
        endpoints,
        labels,
        maxPerSlice,
        create: (list) => newSlice(service, addressType, ports, list),
      })
      changes.create.push(...packed.create)
      changes.update.push(...packed.update)
      changes.delete.push(...packed.delete)
    }
    changes.delete.push(...owned.filter((slice) => !groups.has(portGroupKey(slice.ports))))
    keepPlaceholder(service, addressType, existing, changes)
    const touched = new Set([...changes.update, ...changes.delete].map(({ metadata }) => metadata.name))
    const unchanged = existing.filter(({ metadata }) => !touched.has(metadata.name))
    await writer.write(key, applyHints(service, changes, unchanged))
  }

  return loop
}

/** A Service without endpoints has one empty slice: its readers then know that there are none. */
function keepPlaceholder(
  service: Service,
  addressType: string,
  existing: EndpointSlice[],
  changes: SliceChanges,
): void {
  if (existing.length !== changes.delete.length || changes.create.length > 0) return
  const placeholder = newSlice(service, addressType, [], [])
  const [only] = changes.delete
  const isPlaceholder =
    changes.delete.length === 1 &&
    only &&
    !only.endpoints?.length &&
    !only.ports?.length &&
    deepEqual(only.metadata.labels, placeholder.metadata.labels)
  if (isPlaceholder) changes.delete = []
  else changes.create.push(placeholder)
}

function groupOf({ metadata }: EndpointSlice): string[] {
  const service = metadata.labels?.[serviceNameLabel]
  if (!service || metadata.labels?.[managedByLabel] !== sliceManager) return []
  return [`${metadata.namespace}/${service}`]
}
