import { nodeNowSatisfies } from '../queue/cluster-event.ts'
import type { Plugin, Rejection } from './plugin.ts'

const name = 'NodeName'
const rejection: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't match the requested node name"],
  resolvable: false,
}

/** A pod that names its node runs there or nowhere. */
export function nodeName(): Plugin {
  return {
    name,
    prepare({ pod }) {
      const wanted = pod.spec?.nodeName
      return wanted ? { filter: (node) => (node.name === wanted ? undefined : rejection) } : undefined
    },
    helps: (event, { pod }) => nodeNowSatisfies(event, (node) => node.metadata.name === pod.spec?.nodeName),
  }
}
