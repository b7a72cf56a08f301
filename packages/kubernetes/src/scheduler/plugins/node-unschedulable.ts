import { tolerates } from '../../api/scheduling/taints.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import { isOwnUpdate, nodeNowSatisfies } from '../queue/cluster-event.ts'
import type { Plugin, Rejection } from './plugin.ts'

const name = 'NodeUnschedulable'
const rejection: Rejection = { plugin: name, reasons: ['node(s) were unschedulable'], resolvable: false }
const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** A cordoned node takes only pods that tolerate its taint. */
export function nodeUnschedulable(): Plugin {
  return {
    name,
    prepare({ pod }) {
      if (toleratesCordon(pod)) return undefined
      return { filter: ({ node }) => (node.spec?.unschedulable ? rejection : undefined) }
    },
    helps(event, { pod }) {
      if (isOwnUpdate(event, pod)) return toleratesCordon(pod)
      return nodeNowSatisfies(event, (node: Node) => !node.spec?.unschedulable)
    },
  }
}

function toleratesCordon(pod: Pod): boolean {
  return (pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, taint))
}
