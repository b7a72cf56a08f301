import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  busyboxImage,
  startTestContainerd,
  type TestContainerd,
} from '@minikube-ts/cri/testing/containerd.ts'
import type { Container, Pod, PodSpec } from '../../api/types/core-v1.ts'
import { issue } from '../../apiserver/auth/testing/certificates.ts'
import { startTestControlPlane, type TestControlPlane } from '../../apiserver/testing/test-control-plane.ts'
import type { Client } from '../../client/client.ts'
import { createEventRecorder } from '../../client/create-event-recorder.ts'
import { createInformerFactory } from '../../client/create-informer-factory.ts'
import { pods, serviceAccounts } from '../../client/resources.ts'
import { createLogger, type Logger, silentLogger } from '../../log.ts'
import type { NodeConfig } from '../../node-config.ts'
import { PodCgroups } from '../cgroups/pod-cgroups.ts'
import { Kubelet } from '../kubelet.ts'

/** A node with a real runtime that belongs to a real control plane; only the proxy is missing. */
export interface TestNode {
  readonly controlPlane: TestControlPlane
  readonly containerd: TestContainerd
  readonly config: NodeConfig
  /** As the administrator. */
  readonly client: Client
  kubelet: Kubelet
  /** Makes a pod of busybox containers in the default namespace. */
  create(name: string, spec: Partial<PodSpec>, metadata?: Pod['metadata']): Promise<Pod>
  /** Resolves with the pod when it is as wanted; `undefined` when it is gone and that is wanted. */
  until(name: string, wanted: (pod: Pod) => boolean): Promise<Pod>
  gone(name: string): Promise<void>
  /** Ends the kubelet and starts another over the same directories. */
  restartKubelet(): Promise<void>
  stop(): Promise<void>
}

/** A container that runs `script` in busybox's shell. */
export function shell(name: string, script: string, more: Partial<Container> = {}): Container {
  return {
    name,
    image: busyboxImage,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', script],
    ...more,
  }
}

/** A script that runs until it is told to end, and then ends at once. */
export const forever = 'trap "exit 0" TERM; while true; do sleep 0.05; done'

export async function startTestNode(log: Logger = testLogger()): Promise<TestNode> {
  const directory = mkdtempSync(join(tmpdir(), 'kubelet-test-'))
  const number = process.pid % 250
  const [controlPlane, containerd] = await Promise.all([
    startTestControlPlane(),
    startTestContainerd(join(directory, 'containerd'), `214.${number}`),
  ])
  const put = (name: string, content: string): string => {
    const file = join(directory, name)
    writeFileSync(file, content)
    return file
  }
  const server = issue('n1', [], controlPlane.ca, { server: ['127.0.0.1'] })
  mkdirSync(join(directory, 'static'))
  const config: NodeConfig = {
    nodeName: 'n1',
    nodeIP: '127.0.0.1',
    cni: { binDir: '/usr/lib/cni', confDir: '' },
    kubeconfig: '',
    criSocket: containerd.socket,
    rootDir: join(directory, 'containerd', 'kubelet'),
    podLogsDir: join(directory, 'logs', 'pods'),
    staticPodsDir: join(directory, 'static'),
    server: {
      addresses: ['127.0.0.1'],
      port: await freePort(),
      certFile: put('server.crt', server.pem),
      keyFile: put('server.key', server.keyPem),
      clientCaFile: put('ca.crt', controlPlane.ca.pem),
    },
    clusterDns: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    resolvConf: '/etc/resolv.conf',
    podCidr: `10.214.${number}.0/24`,
    serviceCidr: '10.96.0.0/16',
    bridge: { name: containerd.bridge, address: `${containerd.address}/24` },
    nftTable: 'none',
    cgroupRoot: `/kubelet-test-${process.pid}`,
    cgroupDriver: 'cgroupfs',
    maxPods: 110,
    labels: {},
  }
  const client = controlPlane.client()
  await seen(client, serviceAccounts, 'default', () => true)

  const start = async (): Promise<{ kubelet: Kubelet; stop: () => Promise<void> }> => {
    const ending = new AbortController()
    const own = controlPlane.client(controlPlane.user('system:node:n1', 'system:nodes'))
    const informers = createInformerFactory(own, { log, signal: ending.signal })
    const recorder = createEventRecorder(own, 'kubelet', { host: 'n1', log, signal: ending.signal })
    const kubelet = await Kubelet.create({ config, log, api: { client: own, informers, recorder } })
    await kubelet.start()
    return {
      kubelet,
      stop: async () => {
        await kubelet.stop()
        ending.abort()
      },
    }
  }
  let running = await start()
  return {
    controlPlane,
    containerd,
    config,
    client,
    get kubelet() {
      return running.kubelet
    },
    create: (name, spec, metadata = {}) =>
      client.create<Pod>(pods, 'default', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, ...metadata },
        spec: { containers: [], nodeName: 'n1', terminationGracePeriodSeconds: 1, ...spec },
      }),
    until: (name, wanted) => seen<Pod>(client, pods, name, wanted),
    gone: async (name) => {
      await seen<Pod>(client, pods, name, gone).catch((error: unknown) => {
        if (error !== deleted) throw error
      })
    },
    restartKubelet: async () => {
      await running.stop()
      running = await start()
    },
    stop: async () => {
      await running.stop()
      await containerd.remove()
      const cgroups = new PodCgroups({ root: config.cgroupRoot, driver: 'cgroupfs' })
      await cgroups.removeAll()
      await controlPlane.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The API server has to know where the kubelet is before that has begun to listen. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const deleted = new Error('it was deleted')

/** Waits for one object of the default namespace by a watch from its present state on. */
async function seen<T extends Pod>(
  client: Client,
  resource: Parameters<Client['watch']>[0],
  name: string,
  wanted: (object: T) => boolean,
): Promise<T> {
  const scope = { namespace: 'default', fieldSelector: `metadata.name=${name}` }
  const { items, metadata } = await client.list<T>(resource, scope)
  const [first] = items
  if (first && wanted(first)) return first
  if (!first && wanted === gone) throw deleted
  const ending = new AbortController()
  const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(60_000)])
  let last: T | undefined = first
  try {
    const resourceVersion = metadata.resourceVersion ?? ''
    for await (const { type, object } of client.watch<T>(resource, { ...scope, resourceVersion, signal })) {
      if (type === 'DELETED') throw deleted
      last = object
      if (wanted(object)) return object
    }
  } finally {
    ending.abort()
  }
  throw new Error(`${name} did not get there: ${JSON.stringify(last?.status)}`)
}

const gone = (): boolean => false

function testLogger(): Logger {
  return process.env.TEST_LOG ? createLogger((line) => process.stderr.write(line)) : silentLogger
}
