import { podRequests, type ResourceAmounts } from '../../api/scheduling/pod-resources.ts'
import type { ContainerPort, Pod } from '../../api/types/core-v1.ts'
import { keyOf } from '../../client/informer.ts'
import { type AffinityTerms, affinityTermsOf } from './affinity-term.ts'

/** What containers count in scores that ask for no cpu or memory, so that they do not all go to one node. */
const nonZero = { cpu: 100, memory: 200 * 1024 * 1024 }

/** A pod with what the plugins ask of it again and again, worked out once. */
export interface PodInfo {
  readonly pod: Pod
  /** `namespace/name` */
  readonly key: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly priority: number
  readonly requests: ResourceAmounts
  /** The requests with a minimum of cpu and memory for each container; for scores only. */
  readonly nonZeroRequests: ResourceAmounts
  /** Ports wanted on the node itself. */
  readonly hostPorts: readonly ContainerPort[]
  readonly affinity: AffinityTerms
}

const noLabels = Object.freeze({})

export function podInfoOf(pod: Pod): PodInfo {
  return {
    pod,
    key: keyOf(pod),
    namespace: pod.metadata.namespace ?? '',
    labels: pod.metadata.labels ?? noLabels,
    priority: pod.spec?.priority ?? 0,
    requests: podRequests(pod, { useStatus: true }),
    nonZeroRequests: podRequests(pod, { useStatus: true, nonMissing: nonZero }),
    hostPorts: hostPortsOf(pod),
    affinity: affinityTermsOf(pod),
  }
}

function hostPortsOf(pod: Pod): ContainerPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...(pod.spec?.containers ?? []), ...sidecars].flatMap(({ ports }) =>
    (ports ?? []).filter(({ hostPort }) => hostPort),
  )
}
