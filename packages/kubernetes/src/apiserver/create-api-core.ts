import { DirectClient } from '../client/direct-client.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/store.ts'
import type { AdmissionChain } from './admission/admission-chain.ts'
import { createAdmission } from './admission/create-admission.ts'
import type { Auth, AuthOptions } from './auth/auth.ts'
import { createAuth } from './auth/create-auth.ts'
import { controlPlaneUser } from './auth/user-info.ts'
import { CustomResources } from './customresources/custom-resources.ts'
import { definitionHooks } from './customresources/definition-hooks.ts'
import { expireEvents } from './event-expiry.ts'
import { builtinServedResources } from './registry/builtin-resources.ts'
import { KubeApi } from './registry/kube-api.ts'
import { namespaceHooks } from './registry/namespace-hooks.ts'
import { Registry } from './registry/registry.ts'
import { ResourceCatalog } from './registry/resource-catalog.ts'
import type { ResourceHooks } from './registry/resource-hooks.ts'
import { ServiceAllocator } from './registry/services/service-allocator.ts'
import type { SubresourceHandler } from './registry/subresource-handler.ts'
import { subresourceHandlers } from './subresources/subresource-handlers.ts'

export interface ApiCoreOptions {
  store: Store
  auth: Omit<AuthOptions, 'store' | 'client' | 'log' | 'now'>
  serviceCidr: string
  nodePortRange: readonly [number, number]
  log: Logger
  /** Milliseconds since the epoch. */
  now?: () => number
}

/** The API without a network: what the server serves and what the control plane talks to. */
export interface ApiCore {
  readonly store: Store
  readonly catalog: ResourceCatalog
  readonly api: KubeApi
  readonly auth: Auth
  readonly admission: AdmissionChain
  /** As the control plane itself. */
  readonly client: DirectClient
  readonly customResources: CustomResources
  close(): Promise<void>
}

export function createApiCore(options: ApiCoreOptions): ApiCore {
  const { store, log, now = Date.now } = options
  const catalog = new ResourceCatalog()
  catalog.add(builtinServedResources())

  // Admission needs a client, which needs the registry, which needs admission: it comes in last.
  const late: { admission: AdmissionChain } = {
    admission: { admit: () => Promise.resolve(), validate: () => Promise.resolve(), close: () => {} },
  }
  const allocator = new ServiceAllocator(store, options.serviceCidr, options.nodePortRange)
  const hooks = new Map<string, ResourceHooks>([
    ['services.', allocator],
    ['namespaces.', namespaceHooks(now)],
    ['customresourcedefinitions.apiextensions.k8s.io', definitionHooks(now)],
  ])
  const registry = new Registry({
    store,
    hooks,
    admission: {
      admit: (attributes) => late.admission.admit(attributes),
      validate: (attributes) => late.admission.validate(attributes),
      close: () => late.admission.close(),
    },
    now,
  })
  const subresources = new Map<string, SubresourceHandler>()
  const api = new KubeApi(registry, subresources)
  const client = new DirectClient(api, catalog, controlPlaneUser)
  const auth = createAuth({ ...options.auth, store, client, log, now })
  late.admission = createAdmission({ store, client, auth, catalog, log: log.child('admission'), now })
  for (const [key, handler] of subresourceHandlers(registry, catalog, auth, now))
    subresources.set(key, handler)
  const customResources = new CustomResources({ store, client, catalog, log: log.child('crd'), now })
  const endExpiry = expireEvents(store, now)
  return {
    store,
    catalog,
    api,
    auth,
    admission: late.admission,
    client,
    customResources,
    async close() {
      endExpiry()
      await customResources.close()
      late.admission.close()
      allocator.close()
      auth.close()
    },
  }
}
