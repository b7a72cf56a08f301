import { requiredNodeMatcher } from '../../api/scheduling/node-affinity.ts'
import { hardEffects, untoleratedTaint } from '../../api/scheduling/taints.ts'
import type { DaemonSet } from '../../api/types/apps-v1.ts'
import type { Node, Pod, PodSpec, PodTemplateSpec, Toleration } from '../../api/types/core-v1.ts'
import { scaledValue } from '../common/int-or-percent.ts'

export const hashLabel = 'controller-revision-hash'
const generationLabel = 'pod-template-generation'
const generationAnnotation = 'deprecated.daemonset.template.generation'

/** Daemon pods stay through the troubles of their nodes. */
const tolerations: [key: string, effect: string][] = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
]

function daemonTolerations(spec: PodSpec): Toleration[] {
  const own = spec.hostNetwork
    ? [...tolerations, ['node.kubernetes.io/network-unavailable', 'NoSchedule'] as const]
    : tolerations
  const added = own.map(([key, effect]) => ({ key, operator: 'Exists', effect }))
  const isAdded = (toleration: Toleration): boolean =>
    added.some(
      ({ key, effect }) =>
        toleration.key === key &&
        toleration.effect === effect &&
        toleration.operator === 'Exists' &&
        !toleration.value,
    )
  return [...(spec.tolerations ?? []).filter((toleration) => !isAdded(toleration)), ...added]
}

/** The set's template with what every daemon pod gets. */
export function daemonTemplate({ metadata, spec }: DaemonSet, hash: string): PodTemplateSpec {
  const template = spec?.template ?? {}
  const generation = metadata.annotations?.[generationAnnotation]
  const podSpec = template.spec ?? { containers: [] }
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        ...(generation && { [generationLabel]: generation }),
        [hashLabel]: hash,
      },
    },
    spec: { ...podSpec, tolerations: daemonTolerations(podSpec) },
  }
}

/** The spec that makes the scheduler bring the pod to one node. */
export function pinnedTo(spec: PodSpec, nodeName: string): PodSpec {
  const { affinity } = spec
  return {
    ...spec,
    affinity: {
      ...affinity,
      nodeAffinity: {
        ...affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] },
          ],
        },
      },
    },
  }
}

/** The node that a daemon pod runs on or is meant for. */
export function targetNode({ spec }: Pod): string | undefined {
  if (spec?.nodeName) return spec.nodeName
  const terms =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  for (const { matchFields = [] } of terms ?? []) {
    for (const { key, operator, values = [] } of matchFields) {
      if (key === 'metadata.name' && operator === 'In') return values.length === 1 ? values[0] : undefined
    }
  }
  return undefined
}

/** Whether a node should get a pod of the set, and whether one that it has may stay. */
export function fitsNode(set: DaemonSet, node: Node): { run: boolean; keep: boolean } {
  const spec = set.spec?.template.spec ?? { containers: [] }
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return { run: false, keep: false }
  const matches = requiredNodeMatcher({ metadata: {}, spec })
  if (matches && !matches(node)) return { run: false, keep: false }
  const tolerated = daemonTolerations(spec)
  const { taints } = node.spec ?? {}
  const run = !untoleratedTaint(taints, tolerated, hardEffects)
  return { run, keep: run || !untoleratedTaint(taints, tolerated, ['NoExecute']) }
}

export function isUpdated(set: DaemonSet, pod: Pod, hash: string): boolean {
  const labels = pod.metadata.labels ?? {}
  const generation = set.metadata.annotations?.[generationAnnotation]
  return labels[hashLabel] === hash || (generation !== undefined && labels[generationLabel] === generation)
}

/** Both limits in pods, for that many nodes. */
export function updateLimits({ spec }: DaemonSet, nodes: number): { surge: number; unavailable: number } {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {}
  if (type !== 'RollingUpdate' || !rollingUpdate) return { surge: 0, unavailable: 0 }
  return {
    surge: scaledValue(rollingUpdate.maxSurge ?? 0, nodes, true),
    unavailable: scaledValue(rollingUpdate.maxUnavailable ?? 1, nodes, true),
  }
}

/** Placed ones first, then by age. */
export function byPlacementAndAge(a: Pod, b: Pod): number {
  const placed = Number(Boolean(b.spec?.nodeName)) - Number(Boolean(a.spec?.nodeName))
  if (placed !== 0) return placed
  const text = ({ metadata }: Pod): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`
  return text(a) < text(b) ? -1 : 1
}
