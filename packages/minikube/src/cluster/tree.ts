import { cpus, hostname, release, totalmem, type } from 'node:os'
import { setTimeout as elapse } from 'node:timers/promises'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { CriError } from '@minikube-ts/cri/cri-error.ts'
import type { DriverTraits } from '../drivers/driver.ts'
import type { Home } from '../home.ts'
import type { SupervisorStatus } from '../node/supervisor/client.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { connectRuntime, criSocket } from './cri.ts'
import { loadProfile } from './profile-store.ts'
import { requireRoot } from './require-root.ts'
import { requireRunning } from './require-running.ts'
import { buildTree, type ClusterFacts, type ClusterReading } from './tree/build-tree.ts'
import { readPods } from './tree/read-pods.ts'
import { readProcesses } from './tree/read-processes.ts'
import type { TreeNode } from './tree/tree-node.ts'

export interface TreeOptions {
  /** Pods of this one only. */
  namespace?: string
  /** Milliseconds over which the use of processors is measured. */
  interval: number
  signal: AbortSignal
}

const homes: Record<DriverTraits['isolation'], string> = {
  host: 'the node is this machine itself',
  container: 'the node is a container',
  vm: 'the node is a virtual machine',
}

/**
 * What runs of a cluster, layer by layer, again and again: a share of a processor is seen only by looking twice, so each
 * tree comes an interval after the one before. Changes nothing. @throws MinikubeError when it does not run
 */
export async function* clusterTrees(
  home: Home,
  name: string,
  options: TreeOptions,
): AsyncGenerator<TreeNode, never> {
  const cluster = await openCluster(home, await loadProfile(home, name))
  requireRoot(cluster, 'tree', 'see what its processes use')
  const cri = connectRuntime(cluster)
  try {
    let before = await read(cluster, cri, options)
    for (;;) {
      await elapse(options.interval, undefined, { signal: options.signal })
      const now = await read(cluster, cri, options)
      yield buildTree(factsOf(cluster, await cluster.supervisor.status()), now, before)
      before = now
    }
  } finally {
    cri.close()
  }
}

async function read(cluster: Cluster, cri: CriClient, { namespace }: TreeOptions): Promise<ClusterReading> {
  const [supervisor, runtime] = await Promise.all([
    requireRunning(cluster),
    readPods(cri, namespace).catch((error: unknown) => {
      if (!(error instanceof CriError)) throw error
      return { name: cluster.runtime.name, problem: `does not answer: ${error.message}` }
    }),
  ])
  const pods = 'pods' in runtime ? runtime.pods : []
  const processes = await readProcesses(
    cluster.node,
    [supervisor.pid, ...known(supervisor.services)],
    [...known(pods), ...pods.flatMap(({ containers }) => known(containers))],
  )
  return { supervisor, runtime, processes }
}

function known(items: readonly { pid?: number | undefined }[]): number[] {
  return items.flatMap(({ pid }) => pid ?? [])
}

function factsOf(cluster: Cluster, supervisor: SupervisorStatus | undefined): ClusterFacts {
  const { driver, engine, node, primary, profile } = cluster
  return {
    host: {
      name: hostname(),
      details: {
        system: `${type()} ${release()}`,
        processors: `${cpus().length} CPUs`,
        memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      },
    },
    driver: { name: driver.name, details: { place: homes[driver.traits.isolation] } },
    node: { name: node.name, details: { address: primary.IP } },
    engine: `${engine.name} ${profile.KubernetesConfig.KubernetesVersion}`,
    criSocket: criSocket(cluster),
    purposes: Object.fromEntries(
      (supervisor?.config.services ?? []).flatMap(({ name, about }) => (about ? [[name, about]] : [])),
    ),
  }
}
