import { isOwnUpdate } from '../queue/cluster-event.ts'
import type { Plugin } from './plugin.ts'

const name = 'SchedulingGates'

/** A pod with gates is not looked at until they are gone. */
export function schedulingGates(): Plugin {
  return {
    name,
    gate({ pod }) {
      const gates = pod.spec?.schedulingGates ?? []
      if (gates.length === 0) return undefined
      const names = gates.map((gate) => gate.name).join(' ')
      return { plugin: name, reasons: [`waiting for scheduling gates: [${names}]`], resolvable: false }
    },
    helps: (event, { pod }) => isOwnUpdate(event, pod),
  }
}
