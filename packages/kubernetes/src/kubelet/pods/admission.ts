import { podQosClass } from '../../api/pod-qos.ts'
import { requiredNodeMatcher } from '../../api/scheduling/node-affinity.ts'
import { amounts, podRequests, type ResourceAmounts } from '../../api/scheduling/pod-resources.ts'
import { tolerates } from '../../api/scheduling/taints.ts'
import type { Node } from '../../api/types/core-v1.ts'
import { isConditionTrue } from '../../client/conditions.ts'
import { allContainers, isCriticalPod, type NodePod } from './node-pod.ts'

export interface Rejection {
  reason: string
  message: string
}

/** Kernel settings that a pod may change without asking, because they are its own alone. */
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
])

/**
 * Why this node will not run a pod that was assigned to it; `undefined`: it will. `others` are the pods that it runs or is
 * about to. The scheduler has looked at the same things, but others than it assign pods too, and it may have been late.
 */
export function admit(pod: NodePod, node: Node, others: readonly NodePod[]): Rejection | undefined {
  return (
    osProblem(pod) ??
    pressureProblem(pod, node) ??
    sysctlProblem(pod) ??
    placeProblem(pod, node) ??
    roomProblem(pod, node, others)
  )
}

function osProblem(pod: NodePod): Rejection | undefined {
  const os = pod.spec.os?.name
  if (os && os !== 'linux') {
    return {
      reason: 'PodOSNotSupported',
      message: `Failed to admit pod as the OS field doesn't match node OS`,
    }
  }
  return undefined
}

/** What would make a shortage worse; upstream's eviction manager, as the admission handler that it also is. */
function pressureProblem(pod: NodePod, node: Node): Rejection | undefined {
  const conditions = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].filter((type) =>
    isConditionTrue(node.status?.conditions, type),
  )
  if (conditions.length === 0 || isCriticalPod(pod)) return undefined
  if (conditions.join() === 'MemoryPressure') {
    if (podQosClass(pod) !== 'BestEffort') return undefined
    const taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' }
    if (pod.spec.tolerations?.some((toleration) => tolerates(toleration, taint))) return undefined
  }
  return { reason: 'Evicted', message: `The node had condition: [${conditions.join(' ')}]. ` }
}

function sysctlProblem(pod: NodePod): Rejection | undefined {
  const { sysctls = [] } = pod.spec.securityContext ?? {}
  const forbidden = sysctls.find(({ name }) => !safeSysctls.has(name.replaceAll('/', '.')))
  if (!forbidden) return undefined
  return {
    reason: 'SysctlForbidden',
    message: `forbidden sysctl: "${forbidden.name}" not allowlisted`,
  }
}

function placeProblem(pod: NodePod, node: Node): Rejection | undefined {
  if (requiredNodeMatcher(pod)?.(node) === false) {
    return {
      reason: 'NodeAffinity',
      message:
        "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    }
  }
  return undefined
}

function roomProblem(pod: NodePod, node: Node, others: readonly NodePod[]): Rejection | undefined {
  if (isCriticalPod(pod)) return undefined
  const capacity = amounts(node.status?.allocatable)
  const podLimit = capacity.get('pods')
  if (podLimit !== undefined && others.length + 1 > podLimit) return outOf('pods', 1, others.length, podLimit)
  const used: ResourceAmounts = new Map()
  for (const other of others) {
    for (const [name, amount] of podRequests(other)) used.set(name, (used.get(name) ?? 0) + amount)
  }
  for (const [name, amount] of podRequests(pod)) {
    const taken = used.get(name) ?? 0
    const limit = capacity.get(name) ?? 0
    if (amount > 0 && taken + amount > limit) return outOf(name, amount, taken, limit)
  }
  return portProblem(pod, others)
}

function outOf(name: string, requested: number, used: number, capacity: number): Rejection {
  return {
    reason: `OutOf${name}`,
    message: `Pod was rejected: Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  }
}

function portProblem(pod: NodePod, others: readonly NodePod[]): Rejection | undefined {
  const taken = others.flatMap(hostPorts)
  const clash = hostPorts(pod).some((wanted) =>
    taken.some(
      (other) =>
        other.port === wanted.port &&
        other.protocol === wanted.protocol &&
        (other.ip === wanted.ip || other.ip === '0.0.0.0' || wanted.ip === '0.0.0.0'),
    ),
  )
  if (!clash) return undefined
  return {
    reason: 'NodePorts',
    message:
      "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  }
}

function hostPorts(pod: NodePod): { port: number; protocol: string; ip: string }[] {
  return allContainers(pod.spec)
    .filter(({ kind, container }) => kind === 'main' || container.restartPolicy === 'Always')
    .flatMap(({ container }) => container.ports ?? [])
    .filter(({ hostPort }) => hostPort)
    .map(({ hostPort = 0, protocol = 'TCP', hostIP }) => ({
      port: hostPort,
      protocol,
      ip: hostIP || '0.0.0.0',
    }))
}
