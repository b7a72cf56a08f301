import type { GroupVersionResource, ObjectMeta } from '../../api/kube-object.ts'
import { createAdmissionChain } from '../../apiserver/admission/admission-chain.ts'
import { NamespaceLifecycle } from '../../apiserver/admission/plugins/namespace-lifecycle.ts'
import { StorageObjectInUseProtection } from '../../apiserver/admission/plugins/storage-object-in-use-protection.ts'
import { controlPlaneUser } from '../../apiserver/auth/user-info.ts'
import { builtinServedResources } from '../../apiserver/registry/builtin-resources.ts'
import { KubeApi } from '../../apiserver/registry/kube-api.ts'
import { namespaceHooks } from '../../apiserver/registry/namespace-hooks.ts'
import { Registry } from '../../apiserver/registry/registry.ts'
import { ResourceCatalog } from '../../apiserver/registry/resource-catalog.ts'
import type { ResourceHooks } from '../../apiserver/registry/resource-hooks.ts'
import { ServiceAllocator } from '../../apiserver/registry/services/service-allocator.ts'
import { subresourceHandlers } from '../../apiserver/subresources/subresource-handlers.ts'
import type { Client } from '../../client/client.ts'
import { createEventRecorder } from '../../client/create-event-recorder.ts'
import { createInformerFactory } from '../../client/create-informer-factory.ts'
import { DirectClient } from '../../client/direct-client.ts'
import type { Informer } from '../../client/informer.ts'
import { namespaces } from '../../client/resources.ts'
import { createLogger, silentLogger } from '../../log.ts'
import { memoryStore } from '../../store/open-store.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { ResourceSource } from '../resource-source.ts'

/** The real API over a store in memory, with the namespaces `default` and `kube-system`, for tests of controllers. */
export interface TestCluster {
  client: Client
  context: ControllerContext
  resources: ResourceSource
  /** Starts controllers that end with the cluster. */
  start(...controllers: Controller[]): void
  /** Resolves with the first state of an object (absent: deleted) that `condition` accepts. */
  until<T extends { metadata: ObjectMeta }>(
    resource: GroupVersionResource,
    namespace: string,
    name: string,
    condition: (object: T | undefined) => boolean,
  ): Promise<T | undefined>
  /** Resolves when `condition` accepts the objects of a namespace ('' for cluster-scoped ones). */
  untilAll<T extends { metadata: ObjectMeta }>(
    resource: GroupVersionResource,
    namespace: string,
    condition: (objects: T[]) => boolean,
  ): Promise<T[]>
  stop(): Promise<void>
}

export async function createTestCluster(now: () => number = Date.now): Promise<TestCluster> {
  const catalog = new ResourceCatalog()
  catalog.add(builtinServedResources())
  const store = memoryStore()
  const registry = new Registry({
    store,
    admission: createAdmissionChain([new NamespaceLifecycle(store), new StorageObjectInUseProtection()]),
    hooks: new Map<string, ResourceHooks>([
      ['namespaces.', namespaceHooks(now)],
      ['services.', new ServiceAllocator(store, '10.96.0.0/12', [30_000, 32_767])],
    ]),
    now,
  })
  const api = new KubeApi(registry, subresourceHandlers(registry, catalog, { handlers: new Map() }, now))
  const client = new DirectClient(api, catalog, controlPlaneUser)
  const log = process.env.TEST_LOG ? createLogger((line) => process.stderr.write(line)) : silentLogger
  const stopping = new AbortController()
  const informers = createInformerFactory(client, { log, signal: stopping.signal })
  const started: Controller[] = []
  for (const name of ['default', 'kube-system']) {
    await client.create(namespaces, undefined, { metadata: { name } })
  }
  const cluster: TestCluster = {
    client,
    context: {
      client,
      informers,
      log,
      now,
      recorder: (component) => createEventRecorder(client, component, { log, signal: stopping.signal }),
    },
    resources: {
      list: () => [...catalog.all()].map(({ info }) => info),
      onChange: (listener) => catalog.onChange(listener),
    },
    start: (...controllers) => {
      started.push(...controllers)
    },
    until<T extends { metadata: ObjectMeta }>(
      resource: GroupVersionResource,
      namespace: string,
      name: string,
      condition: (object: T | undefined) => boolean,
    ) {
      const informer = informers.informer<T>(resource)
      return first(
        informer,
        () => informer.get(namespace, name),
        (object) => condition(object),
      )
    },
    untilAll<T extends { metadata: ObjectMeta }>(
      resource: GroupVersionResource,
      namespace: string,
      condition: (objects: T[]) => boolean,
    ) {
      const informer = informers.informer<T>(resource)
      return first(informer, () => informer.list(namespace), condition)
    },
    async stop() {
      await Promise.all(started.map((controller) => controller.stop()))
      stopping.abort()
      await store.close()
    },
  }
  return cluster
}

/** Resolves with what `read` gives as soon as `condition` accepts it. */
async function first<T extends { metadata: ObjectMeta }, V>(
  informer: Informer<T>,
  read: () => V,
  condition: (value: V) => boolean,
): Promise<V> {
  await informer.synced
  const { promise, resolve } = Promise.withResolvers<V>()
  const silence = informer.listen(() => {
    if (condition(read())) resolve(read())
  })
  if (condition(read())) resolve(read())
  const value = await promise
  silence()
  return value
}
