import { generateKeyPairSync } from 'node:crypto'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import { silentLogger } from '../../log.ts'
import { memoryStore } from '../../store/open-store.ts'
import { testCa } from '../auth/testing/certificates.ts'
import { controlPlaneUser } from '../auth/user-info.ts'
import { bootstrap } from '../bootstrap/bootstrap.ts'
import { type ApiCore, createApiCore } from '../create-api-core.ts'
import type { ApiWrite } from '../registry/kube-api.ts'
import type { Target } from '../registry/registry.ts'
import type { RegistryWatchEvent, WatchRequest } from '../registry/watch-objects.ts'

export interface TestApi extends ApiCore {
  /** `resource` as in URLs: `pods`, `apps/v1/deployments`. */
  target(resource: string, namespace?: string, name?: string, subresource?: string): Target
  /** As the control plane, with the books kept for `test`. */
  write(options?: Partial<ApiWrite>): ApiWrite & { warnings: string[] }
  create(resource: string, object: KubeObject, options?: Partial<ApiWrite>): Promise<StoredKubeObject>
  /** Everything that a watch tells until now, as `ADDED name`. */
  watch(
    resource: string,
    namespace: string | undefined,
    request?: WatchRequest,
  ): { events: RegistryWatchEvent[]; texts(): string[]; end(): void }
}

/** The whole API over a store in memory, with the objects that every cluster has. */
export async function createTestApi(now: () => number = Date.now): Promise<TestApi> {
  const ca = testCa()
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const core = createApiCore({
    store: memoryStore(),
    auth: {
      clientCa: ca.pem,
      serviceAccount: {
        privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
        issuer: 'https://kubernetes.default.svc',
      },
      externalAddress: '192.0.2.1:6443',
    },
    serviceCidr: '10.96.0.0/24',
    nodePortRange: [30000, 30099],
    log: silentLogger,
    now,
  })
  await bootstrap({
    client: core.client,
    auth: core.auth,
    serviceCidr: '10.96.0.0/24',
    advertiseAddress: '192.0.2.1',
    port: 6443,
    clientCa: ca.pem,
  })
  const target = (resource: string, namespace = '', name = '', subresource = ''): Target => {
    const parts = resource.split('/')
    const [group, version, plural] =
      parts.length === 1 ? ['', 'v1', parts[0]!] : (parts as [string, string, string])
    const served = core.catalog.find({ group, version, resource: plural })
    if (!served) throw new Error(`no resource ${resource}`)
    return { resource: served, namespace, name, subresource }
  }
  const write = (options: Partial<ApiWrite> = {}): ApiWrite & { warnings: string[] } => {
    const warnings: string[] = []
    return {
      user: controlPlaneUser,
      dryRun: false,
      fieldManager: 'test',
      fieldValidation: 'Strict',
      options: {},
      warn: (message) => warnings.push(message),
      ...options,
      warnings,
    }
  }
  return {
    ...core,
    target,
    write,
    create: async (resource, object, options) =>
      (await core.api.create(
        target(resource, object.metadata?.namespace),
        { value: object },
        write(options),
      )) as StoredKubeObject,
    watch(resource, namespace, request = {}) {
      const events: RegistryWatchEvent[] = []
      const end = core.api.watch(target(resource).resource, namespace, request, {
        event: (event) => events.push(event),
        failed: (error) => {
          throw error
        },
      })
      const texts = () => events.map(({ type, object }) => `${type} ${object.metadata.name}`)
      return { events, texts, end }
    },
  }
}
