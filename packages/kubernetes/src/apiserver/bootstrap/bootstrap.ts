import type { KubeObject } from '../../api/kube-object.ts'
import type { Client } from '../../client/client.ts'
import {
  configMaps,
  flowSchemas,
  namespaces,
  priorityClasses,
  priorityLevelConfigurations,
} from '../../client/resources.ts'
import type { Auth } from '../auth/auth.ts'
import { ensure } from './ensure.ts'
import { flowSchemaObjects, priorityLevels } from './flow-control.ts'
import { reconcileKubernetesService } from './kubernetes-service.ts'

export interface BootstrapOptions {
  client: Client
  auth: Pick<Auth, 'startPolicy'>
  serviceCidr: string
  advertiseAddress: string
  port: number
  /** PEM, for clients that check certificates themselves (metrics servers and the like). */
  clientCa: string
  frontProxyCa?: string | undefined
}

/** Makes the objects that every cluster has, where they are missing, and brings up to date what follows the configuration. */
export async function bootstrap(options: BootstrapOptions): Promise<void> {
  const { client, auth } = options
  const names = ['default', 'kube-system', 'kube-public', 'kube-node-lease']
  await Promise.all(
    names.map((name) =>
      ensure(client, namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
    ),
  )
  await Promise.all([
    auth.startPolicy(),
    reconcileKubernetesService(client, options),
    ...priorityClassObjects.map((object) => ensure(client, priorityClasses, object)),
    ...priorityLevels.map((object) => ensure(client, priorityLevelConfigurations, object)),
    ...flowSchemaObjects.map((object) => ensure(client, flowSchemas, object)),
    publishAuthentication(options),
  ])
}

const priorityClassObjects: readonly KubeObject[] = [
  priorityClass(
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
  priorityClass(
    'system-node-critical',
    2_000_001_000,
    'Used for system critical pods that must not be moved from their current node.',
  ),
]

function priorityClass(name: string, value: number, description: string): KubeObject {
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, description }
}

/** `extension-apiserver-authentication`: how aggregated servers recognise users that we send them. */
async function publishAuthentication({ client, clientCa, frontProxyCa }: BootstrapOptions): Promise<void> {
  const name = 'extension-apiserver-authentication'
  const data: Record<string, string> = {
    'client-ca-file': clientCa,
    ...(frontProxyCa && {
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-client-ca-file': frontProxyCa,
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    }),
  }
  await ensure(client, configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'kube-system' },
    data,
  })
  await client.patch(configMaps, 'kube-system', name, 'merge', { data })
}
