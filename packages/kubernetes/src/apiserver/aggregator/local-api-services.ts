import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import type { KubeObject } from '../../api/kube-object.ts'
import { toTime } from '../../api/time.ts'
import type { APIService } from '../../api/types/apiregistration-v1.ts'
import type { Client } from '../../client/client.ts'
import { createWorkQueue } from '../../client/create-work-queue.ts'
import { apiServices } from '../../client/resources.ts'
import type { Logger } from '../../log.ts'
import { lookUp, lookUpAll, type StoreReader } from '../auth/store-reader.ts'
import type { ResourceCatalog } from '../registry/resource-catalog.ts'

const managed = 'kube-aggregator.kubernetes.io/automanaged'

/** Which groups come first for clients, upstream's numbers; the rest are custom resources. */
const groupPriorities: Record<string, number> = {
  '': 18000,
  apps: 17800,
  'events.k8s.io': 17750,
  'authentication.k8s.io': 17700,
  'authorization.k8s.io': 17600,
  autoscaling: 17500,
  batch: 17400,
  'certificates.k8s.io': 17300,
  'networking.k8s.io': 17200,
  policy: 17100,
  'rbac.authorization.k8s.io': 17000,
  'storage.k8s.io': 16800,
  'apiextensions.k8s.io': 16700,
  'admissionregistration.k8s.io': 16700,
  'scheduling.k8s.io': 16600,
  'coordination.k8s.io': 16500,
  'node.k8s.io': 16300,
  'discovery.k8s.io': 16200,
  'flowcontrol.apiserver.k8s.io': 16100,
  'resource.k8s.io': 15900,
}
const customPriority = 1000
/** Groups that this server answers for without saying so: the registry of APIServices itself, and what others may take over. */
const unlisted = new Set(['apiregistration.k8s.io', 'metrics.k8s.io'])

/**
 * Keeps an APIService object for every group version that this server serves itself, custom resources among them. Returns
 * what ends that.
 */
export function maintainLocalApiServices(options: {
  client: Client
  store: StoreReader
  catalog: ResourceCatalog
  log: Logger
}): () => Promise<void> {
  const { client, store, catalog, log } = options
  const queue = createWorkQueue({
    name: 'api-services',
    workers: 1,
    reconcile: () => reconcile(client, store, catalog),
    onError: (_, error) => log.warn('cannot keep APIServices', { error }),
  })
  const end = catalog.onChange(() => queue.add('all'))
  queue.add('all')
  return () => {
    end()
    return queue.stop()
  }
}

async function reconcile(client: Client, store: StoreReader, catalog: ResourceCatalog): Promise<void> {
  const wanted = new Map<string, KubeObject>()
  for (const { info } of catalog.all()) {
    if (unlisted.has(info.group)) continue
    const name = `${info.version}.${info.group}`
    if (!wanted.has(name)) wanted.set(name, localApiService(name, info.group, info.version))
  }
  const writes: Promise<unknown>[] = []
  for (const [name, object] of wanted) {
    if (!lookUp(store, apiServices, '', name)) writes.push(create(client, object))
  }
  for (const { metadata } of lookUpAll<APIService>(store, apiServices)) {
    const name = metadata.name ?? ''
    if (metadata.labels?.[managed] && !wanted.has(name)) writes.push(remove(client, name))
  }
  await Promise.all(writes)
}

function localApiService(name: string, group: string, version: string): KubeObject {
  const priority = groupPriorities[group]
  const automanaged = priority === undefined ? 'true' : 'onstart'
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name, labels: { [managed]: automanaged } },
    spec: {
      ...(group && { group }),
      version,
      groupPriorityMinimum: priority ?? customPriority,
      versionPriority: priority === undefined ? 100 : group === '' ? 1 : version === 'v2' ? 30 : 15,
    },
  }
}

async function create(client: Client, object: KubeObject): Promise<void> {
  try {
    const made = await client.create(apiServices, undefined, object)
    await client.update(apiServices, withCondition(made, localCondition), { subresource: 'status' })
  } catch (error) {
    if (!isReason(error, 'AlreadyExists') && !isReason(error, 'Conflict')) throw error
  }
}

async function remove(client: Client, name: string): Promise<void> {
  try {
    await client.delete(apiServices, undefined, name)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

export interface Availability {
  status: 'True' | 'False'
  reason: string
  message: string
}

const localCondition: Availability = {
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
}

/** The object with that as its only word on availability; itself when it says so already. */
export function withCondition(object: KubeObject, availability: Availability): KubeObject {
  const { conditions = [] } = (object.status ?? {}) as NonNullable<APIService['status']>
  const before = conditions.find(({ type }) => type === 'Available')
  const { lastTransitionTime: time, ...said } = before ?? {}
  if (deepEqual(said, { type: 'Available', ...availability })) return object
  const lastTransitionTime = before?.status === availability.status && time ? time : toTime(Date.now())
  const others = conditions.filter(({ type }) => type !== 'Available')
  return {
    ...object,
    status: { conditions: [...others, { type: 'Available', ...availability, lastTransitionTime }] },
  }
}
