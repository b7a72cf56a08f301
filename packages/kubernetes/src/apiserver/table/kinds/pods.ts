import { parseTime } from '../../../api/time.ts'
import type { ContainerStatus, Pod } from '../../../api/types/core-v1.ts'
import { hasCondition, orNone } from '../formats.ts'
import { columns, type KindTable, type KindTables } from '../kind-table.ts'

const pods: KindTable<Pod> = {
  columns: columns(
    'Name',
    'Ready',
    'Status',
    'Restarts',
    'Age',
    '+IP',
    '+Node',
    '+Nominated Node',
    '+Readiness Gates',
  ),
  cells(pod, context) {
    const { ready, total, reason, restarts, lastRestart } = summaryOf(pod)
    const often =
      lastRestart && restarts > 0 ? `${restarts} (${context.since(lastRestart)} ago)` : `${restarts}`
    const { spec, status, metadata } = pod
    return [
      metadata.name ?? '',
      `${ready}/${total}`,
      reason,
      often,
      context.since(metadata.creationTimestamp),
      orNone(status?.podIPs?.[0]?.ip),
      orNone(spec?.nodeName),
      orNone(status?.nominatedNodeName),
      readinessGates(pod),
    ]
  },
  conditions({ status }) {
    if (status?.phase !== 'Succeeded' && status?.phase !== 'Failed') return undefined
    const message = status.phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.'
    return [{ type: 'Completed', status: 'True', reason: status.phase, message }]
  },
}

export const podTables: KindTables = { '/pods': pods }

interface Summary {
  ready: number
  total: number
  /** The STATUS column. */
  reason: string
  restarts: number
  lastRestart: string | undefined
}

/** Counts restarts and remembers the last one. */
class Restarts {
  count = 0
  last: string | undefined

  add(status: ContainerStatus): void {
    this.count += status.restartCount ?? 0
    const finished = status.lastState?.terminated?.finishedAt
    if (finished && (parseTime(finished) ?? 0) > (parseTime(this.last) ?? 0)) this.last = finished
  }
}

/** What the pod is doing, in one word: the phase, or what holds up or ended its containers. */
function summaryOf(pod: Pod): Summary {
  const { spec, status, metadata } = pod
  const sidecars = new Set(
    (spec?.initContainers ?? []).filter((each) => each.restartPolicy === 'Always').map(({ name }) => name),
  )
  let reason = status?.reason || (status?.phase ?? '')
  const scheduled = status?.conditions?.find((condition) => condition.type === 'PodScheduled')
  if (scheduled?.reason === 'SchedulingGated') reason = 'SchedulingGated'

  let restarts = new Restarts()
  const sidecarRestarts = new Restarts()
  let ready = 0
  let initializing = false
  for (const [index, container] of (status?.initContainerStatuses ?? []).entries()) {
    const sidecar = sidecars.has(container.name)
    restarts.add(container)
    if (sidecar) sidecarRestarts.add(container)
    if (container.state?.terminated?.exitCode === 0) continue
    if (sidecar && container.started) {
      if (container.ready) ready++
      continue
    }
    reason = `Init:${initReason(container) ?? `${index}/${spec?.initContainers?.length ?? 0}`}`
    initializing = true
    break
  }

  if (!initializing || hasCondition(status?.conditions, 'Initialized')) {
    restarts = sidecarRestarts
    let running = false
    let error = ''
    for (const container of (status?.containerStatuses ?? []).toReversed()) {
      restarts.add(container)
      const { waiting, terminated, running: runs } = container.state ?? {}
      if (waiting?.reason) reason = waiting.reason
      else if (terminated) {
        reason = terminated.reason || exitReason(terminated)
        if (terminated.exitCode !== 0) error = reason
      } else if (container.ready && runs) {
        running = true
        ready++
      }
    }
    if (reason === 'Completed') {
      if (running && hasCondition(status?.conditions, 'Ready')) reason = 'Running'
      else if (error) reason = error
      else if (running) reason = 'NotReady'
    }
  }

  if (metadata.deletionTimestamp) {
    if (status?.reason === 'NodeLost') reason = 'Unknown'
    else if (status?.phase !== 'Succeeded' && status?.phase !== 'Failed') reason = 'Terminating'
  }
  const total = (spec?.containers?.length ?? 0) + sidecars.size
  return { ready, total, reason, restarts: restarts.count, lastRestart: restarts.last }
}

function initReason({ state }: ContainerStatus): string | undefined {
  if (state?.terminated) return state.terminated.reason || exitReason(state.terminated)
  const waiting = state?.waiting?.reason
  return waiting && waiting !== 'PodInitializing' ? waiting : undefined
}

function exitReason({ signal, exitCode }: { signal?: number; exitCode: number }): string {
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const passed = gates.filter(({ conditionType }) => hasCondition(status?.conditions, conditionType))
  return `${passed.length}/${gates.length}`
}
