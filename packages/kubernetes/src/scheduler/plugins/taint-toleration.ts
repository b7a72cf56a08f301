import { hardEffects, tolerates, untoleratedTaint } from '../../api/scheduling/taints.ts'
import type { Node } from '../../api/types/core-v1.ts'
import { isOwnUpdate, nodeNowSatisfies } from '../queue/cluster-event.ts'
import { normalizeByMaximum, type Plugin, type Rejection } from './plugin.ts'

const name = 'TaintToleration'
const rejection: Rejection = {
  plugin: name,
  reasons: ['node(s) had untolerated taint(s)'],
  resolvable: false,
}

/** Taints NoSchedule and NoExecute keep a pod away, PreferNoSchedule makes a node less liked. */
export function taintToleration(): Plugin {
  return {
    name,
    weight: 3,
    prepare({ pod }) {
      const tolerations = pod.spec?.tolerations
      return {
        filter: ({ node }) =>
          untoleratedTaint(node.spec?.taints, tolerations, hardEffects) ? rejection : undefined,
      }
    },
    prepareScore({ pod }) {
      const tolerations = (pod.spec?.tolerations ?? []).filter(
        ({ effect }) => !effect || effect === 'PreferNoSchedule',
      )
      return {
        score: ({ node }) =>
          (node.spec?.taints ?? []).filter(
            (taint) =>
              taint.effect === 'PreferNoSchedule' &&
              !tolerations.some((toleration) => tolerates(toleration, taint)),
          ).length,
        normalize: (scores) => normalizeByMaximum(scores, true),
      }
    },
    helps(event, { pod }) {
      if (isOwnUpdate(event, pod)) return true
      const tolerated = (node: Node) =>
        untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, hardEffects) === undefined
      return nodeNowSatisfies(event, tolerated)
    },
  }
}
