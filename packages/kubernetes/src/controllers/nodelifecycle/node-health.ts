import { parseTime } from '../../api/time.ts'
import type { Lease } from '../../api/types/coordination-v1.ts'
import type { Node, NodeCondition } from '../../api/types/core-v1.ts'
import { findCondition } from '../../client/conditions.ts'

// Of kube-controller-manager: --node-monitor-grace-period and --node-startup-grace-period.
const graceMs = 50_000
const startupGraceMs = 60_000

const watched = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

interface Sign {
  heartbeat: string
  renewed: string
  /** When it was last seen, by our own clock: nodes' clocks may differ, and we may have been away. */
  at: number
}

/** Remembers when each node was last heard of. */
export class NodeHealth {
  readonly #signs = new Map<string, Sign>()

  /** Call with what the caches show, as often as they change. */
  observe(name: string, node: Node | undefined, lease: Lease | undefined, now: number): void {
    if (!node) {
      this.#signs.delete(name)
      return
    }
    const ready = findCondition(node.status?.conditions, 'Ready')
    const heartbeat = ready?.lastHeartbeatTime ?? ''
    const renewed = lease?.spec?.renewTime ?? ''
    const before = this.#signs.get(name)
    if (before && before.heartbeat === heartbeat && before.renewed === renewed) return
    // A node that has never reported counts from its creation.
    const first = before || ready ? now : (parseTime(node.metadata.creationTimestamp) ?? now)
    this.#signs.set(name, { heartbeat, renewed, at: first })
  }

  /** Milliseconds until the node counts as lost; 0 when it does. */
  left(name: string, node: Node, now: number): number {
    const grace = findCondition(node.status?.conditions, 'Ready') ? graceMs : startupGraceMs
    const sign = this.#signs.get(name)
    return sign ? Math.max(0, sign.at + grace - now) : grace
  }
}

/** The conditions of a node that is not heard of; the same list when they say so already. */
export function lostConditions({ metadata, status }: Node, now: string): NodeCondition[] {
  const conditions = status?.conditions ?? []
  const next = conditions.map((condition) =>
    !watched.includes(condition.type) || condition.status === 'Unknown'
      ? condition
      : {
          ...condition,
          status: 'Unknown',
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime: now,
        },
  )
  const missing = watched.filter((type) => !findCondition(conditions, type))
  if (missing.length === 0 && next.every((condition, index) => condition === conditions[index]))
    return conditions
  return [
    ...next,
    ...missing.map((type) => ({
      type,
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      ...(metadata.creationTimestamp && { lastHeartbeatTime: metadata.creationTimestamp }),
      lastTransitionTime: now,
    })),
  ]
}
