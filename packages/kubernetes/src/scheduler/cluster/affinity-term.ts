import { type LabelMatcher, labelMatcher } from '../../api/label-selector.ts'
import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../../api/types/core-v1.ts'

/** Labels of a namespace; `undefined` when there is no such namespace. */
export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined

/** One term of a pod's affinity to, or against, other pods. */
export interface AffinityTerm {
  readonly topologyKey: string
  readonly weight: number
  matches(pod: Pod, namespaceLabels: NamespaceLabels): boolean
}

export interface AffinityTerms {
  readonly required: readonly AffinityTerm[]
  readonly requiredAnti: readonly AffinityTerm[]
  readonly preferred: readonly AffinityTerm[]
  readonly preferredAnti: readonly AffinityTerm[]
}

const none: AffinityTerms = Object.freeze({
  required: [],
  requiredAnti: [],
  preferred: [],
  preferredAnti: [],
})

export function affinityTermsOf(pod: Pod): AffinityTerms {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {}
  if (!podAffinity && !podAntiAffinity) return none
  const plain = (terms: PodAffinityTerm[] | undefined) => (terms ?? []).map((term) => termOf(pod, term, 1))
  const weighted = (terms: WeightedPodAffinityTerm[] | undefined) =>
    (terms ?? []).map(({ podAffinityTerm, weight }) => termOf(pod, podAffinityTerm, weight))
  return {
    required: plain(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAnti: plain(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferred: weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAnti: weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  }
}

/** The API server has merged matchLabelKeys and mismatchLabelKeys into the selector already. */
function termOf(owner: Pod, term: PodAffinityTerm, weight: number): AffinityTerm {
  const matchesLabels: LabelMatcher = labelMatcher(term.labelSelector)
  // Without either, the term means the pod's own namespace.
  const own = !term.namespaces?.length && term.namespaceSelector === undefined
  const names = new Set(own ? [owner.metadata.namespace ?? ''] : term.namespaces)
  const matchesNamespace = labelMatcher(term.namespaceSelector)
  return {
    topologyKey: term.topologyKey,
    weight,
    matches(pod, namespaceLabels) {
      const namespace = pod.metadata.namespace ?? ''
      if (!matchesLabels(pod.metadata.labels)) return false
      if (names.has(namespace)) return true
      if (term.namespaceSelector === undefined) return false
      const labels = namespaceLabels(namespace)
      return labels !== undefined && matchesNamespace(labels)
    },
  }
}

/** True of at least one term, and of every one. */
export function matchesAll(
  terms: readonly AffinityTerm[],
  pod: Pod,
  namespaceLabels: NamespaceLabels,
): boolean {
  return terms.length > 0 && terms.every((term) => term.matches(pod, namespaceLabels))
}
