import { nodeTermMatcher, requiredNodeMatcher } from '../../api/scheduling/node-affinity.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { isOwnUpdate, nodeNowSatisfies } from '../queue/cluster-event.ts'
import { normalizeByMaximum, type Plugin, type Rejection } from './plugin.ts'

const name = 'NodeAffinity'
const rejection: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
  resolvable: false,
}
const conflict: Rejection = { plugin: name, reasons: ['pod affinity terms conflict'], resolvable: false }

/** nodeSelector and node affinity: required terms decide, preferred ones score by their weights. */
export function nodeAffinity(): Plugin {
  return {
    name,
    weight: 2,
    prepare({ pod }) {
      const matches = requiredNodeMatcher(pod)
      if (!matches) return undefined
      const nodeNames = namedNodes(pod)
      if (nodeNames?.size === 0) return conflict
      return {
        ...(nodeNames && { nodeNames }),
        filter: ({ node }) => (matches(node) ? undefined : rejection),
      }
    },
    prepareScore({ pod }) {
      const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution
      if (!preferred?.length) return undefined
      const terms = preferred.map(({ weight, preference }) => ({
        weight,
        matches: nodeTermMatcher(preference),
      }))
      return {
        score: ({ node }) =>
          terms.reduce((sum, { weight, matches }) => sum + (matches(node) ? weight : 0), 0),
        normalize: (scores) => normalizeByMaximum(scores, false),
      }
    },
    helps(event, { pod }) {
      if (isOwnUpdate(event, pod)) return true
      return nodeNowSatisfies(event, requiredNodeMatcher(pod) ?? (() => true))
    },
  }
}

/**
 * The nodes that the required terms name by metadata.name, where every term does (as those of DaemonSet pods do):
 * the others need not be looked at. Empty when the names contradict each other.
 */
function namedNodes(pod: Pod): Set<string> | undefined {
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const terms = required?.nodeSelectorTerms ?? []
  if (terms.length === 0) return undefined
  const names = new Set<string>()
  for (const { matchFields } of terms) {
    let ofTerm: Set<string> | undefined
    for (const { key, operator, values } of matchFields ?? []) {
      if (key !== 'metadata.name' || operator !== 'In') continue
      const named: readonly string[] = values ?? []
      ofTerm = new Set(ofTerm ? named.filter((node) => ofTerm?.has(node)) : named)
    }
    if (!ofTerm) return undefined
    for (const node of ofTerm) names.add(node)
  }
  return names
}
