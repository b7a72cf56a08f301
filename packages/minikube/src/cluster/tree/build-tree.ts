import type { ServiceStatus } from '../../node/supervisor/protocol.ts'
import { ProcessForest } from './process-forest.ts'
import type { ContainerReading, PodReading, RuntimeReading } from './read-pods.ts'
import type { ProcessesReading } from './read-processes.ts'
import { group, type TreeNode } from './tree-node.ts'

/** A cluster at one moment. */
export interface ClusterReading {
  supervisor: { pid: number; services: readonly ServiceStatus[] }
  /** Or why the runtime does not answer. */
  runtime: RuntimeReading | { name: string; problem: string }
  processes: ProcessesReading
}

/** What stays the same while a cluster runs. */
export interface ClusterFacts {
  host: { name: string; details: Record<string, string> }
  driver: { name: string; details: Record<string, string> }
  node: { name: string; details: Record<string, string> }
  engine: string
  criSocket: string
  /** What a service is for, by its name. */
  purposes: Readonly<Record<string, string>>
}

/** All layers of a cluster. Processor shares are those between the two readings. */
export function buildTree(facts: ClusterFacts, now: ClusterReading, before: ClusterReading): TreeNode {
  const { supervisor, runtime } = now
  const pods = 'pods' in runtime ? runtime.pods : []
  const forest = new ProcessForest(now.processes, before.processes, [
    supervisor.pid,
    ...supervisor.services.map(({ pid }) => pid),
    ...pods.flatMap(({ pid, containers }) => [pid, ...containers.map((container) => container.pid)]),
  ])
  const podNodes = pods.map((pod) => podTree(pod, forest))
  const services = [
    forest.tree(supervisor.pid, {
      kind: 'service',
      name: 'supervisor',
      state: 'ready',
      details: { purpose: 'starts the others, and starts them again when they die' },
    }),
    ...supervisor.services.map((service) => serviceTree(service, facts, forest)),
  ]
  return group(
    'host',
    facts.host.name,
    [
      group(
        'driver',
        facts.driver.name,
        [
          group(
            'node',
            facts.node.name,
            [
              group('services', 'services', services, { details: { engine: `engine ${facts.engine}` } }),
              group('runtime', runtime.name, podNodes, {
                ...('problem' in runtime && { state: runtime.problem }),
                details: {
                  ...('version' in runtime && { version: runtime.version }),
                  socket: facts.criSocket,
                },
              }),
            ],
            { details: facts.node.details },
          ),
        ],
        { details: facts.driver.details },
      ),
    ],
    { details: facts.host.details },
  )
}

function serviceTree(service: ServiceStatus, { purposes }: ClusterFacts, forest: ProcessForest): TreeNode {
  const { name, state, pid, restarts } = service
  const purpose = purposes[name]
  return forest.tree(pid, {
    kind: 'service',
    name,
    state,
    details: { ...(purpose && { purpose }), ...(restarts > 0 && { restarts: String(restarts) }) },
  })
}

/** Whoever started the pod's processes (a shim) stands between them and the pod; some runtimes have one per container. */
function podTree(pod: PodReading, forest: ProcessForest): TreeNode {
  const shimOf = (pid: number | undefined): number | undefined =>
    pid === undefined ? undefined : forest.shimOf(pid)
  const sandboxShim = shimOf(pod.pid)
  const containers = Map.groupBy(pod.containers, ({ pid }) => shimOf(pid))
  const children = [...new Set([sandboxShim, ...containers.keys()])].flatMap((shim) => {
    const inside = (containers.get(shim) ?? []).map((each) => containerTree(each, forest, shim))
    if (pod.pid !== undefined && shim === sandboxShim) inside.unshift(sandboxTree(pod.pid, forest))
    return shim === undefined ? inside : [forest.shim(shim, inside)]
  })
  return group('pod', `${pod.namespace}/${pod.name}`, children, {
    state: pod.ready ? 'ready' : 'ended',
    details: pod.address ? { address: pod.address } : {},
  })
}

function sandboxTree(pid: number, forest: ProcessForest): TreeNode {
  return group('sandbox', 'sandbox', forest.trees([pid]), {
    details: { purpose: "holds the pod's namespaces" },
  })
}

function containerTree(
  container: ContainerReading,
  forest: ProcessForest,
  shim: number | undefined,
): TreeNode {
  const { name, image, state, restarts, pid } = container
  const processes = pid === undefined ? [] : [pid, ...forest.companions(pid, shim)]
  return group('container', name, forest.trees(processes), {
    state,
    details: { image, ...(restarts > 0 && { restarts: String(restarts) }) },
  })
}
