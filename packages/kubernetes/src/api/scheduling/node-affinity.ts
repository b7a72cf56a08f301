import { expressionMatcher, labelMapMatcher } from '../label-selector.ts'
import type { Node, NodeSelector, NodeSelectorTerm, Pod } from '../types/core-v1.ts'

export type NodeMatcher = (node: Node) => boolean

/** Terms are alternatives; the requirements of one all count. An empty term matches nothing. */
export function nodeSelectorMatcher(selector: NodeSelector): NodeMatcher {
  const terms = selector.nodeSelectorTerms.map(nodeTermMatcher)
  return (node) => terms.some((matches) => matches(node))
}

/** One term of a node selector, or of a preference. */
export function nodeTermMatcher(term: NodeSelectorTerm): NodeMatcher {
  const labels = (term.matchExpressions ?? []).map(({ key, operator, values }) =>
    expressionMatcher(key, operator, values ?? []),
  )
  // metadata.name is the only field there is.
  const fields = (term.matchFields ?? []).map(({ key, operator, values }) =>
    expressionMatcher(key, operator, values ?? []),
  )
  if (labels.length + fields.length === 0) return () => false
  return (node) =>
    labels.every((matches) => matches(node.metadata.labels)) &&
    fields.every((matches) => matches({ 'metadata.name': node.metadata.name ?? '' }))
}

/** Where a pod insists on running: its nodeSelector and its required node affinity. `undefined`: anywhere. */
export function requiredNodeMatcher(pod: Pod): NodeMatcher | undefined {
  const { nodeSelector, affinity } = pod.spec ?? {}
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const hasSelector = nodeSelector !== undefined && Object.keys(nodeSelector).length > 0
  if (!hasSelector) return required && nodeSelectorMatcher(required)
  const matchesLabels = labelMapMatcher(nodeSelector)
  const matchesAffinity = required && nodeSelectorMatcher(required)
  return (node) => matchesLabels(node.metadata.labels) && (matchesAffinity?.(node) ?? true)
}
