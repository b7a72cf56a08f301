import { portsConflict } from '../cluster/node-info.ts'
import { podInfoOf } from '../cluster/pod-info.ts'
import { oncePerEvent } from '../queue/cluster-event.ts'
import type { Plugin, Rejection } from './plugin.ts'

const name = 'NodePorts'
const rejection: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  resolvable: true,
}

/** Host ports are there once per node. */
export function nodePorts(): Plugin {
  return {
    name,
    prepare({ hostPorts }) {
      if (hostPorts.length === 0) return undefined
      return { filter: (node) => (hostPorts.some((port) => node.hasHostPort(port)) ? rejection : undefined) }
    },
    helps(event, { hostPorts }) {
      if (event.kind === 'Node') return event.current !== undefined && event.old === undefined
      if (event.kind !== 'AssignedPod' || !event.old || event.current) return false
      const freed = freedPorts(event)
      return hostPorts.some((wanted) => freed.some((port) => portsConflict(port, wanted)))
    },
  }
}

const freedPorts = oncePerEvent((event) =>
  event.kind === 'AssignedPod' && event.old ? podInfoOf(event.old).hostPorts : [],
)
