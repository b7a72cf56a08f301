import { podQosClass } from '../../api/pod-qos.ts'
import { quantityValue } from '../../api/quantity.ts'
import type { Container } from '../../api/types/core-v1.ts'
import { isCriticalPod, isSidecar, type NodePod } from '../pods/node-pod.ts'

const guaranteed = -997
const bestEffort = 1000

/**
 * Who dies first when the node is out of memory: the less of the node's memory (`capacity`, bytes) a Burstable container
 * asked for, the sooner.
 */
export function oomScoreAdjust(pod: NodePod, container: Container, capacity: number): number {
  if (isCriticalPod(pod)) return guaranteed
  const qos = podQosClass(pod)
  if (qos === 'Guaranteed') return guaranteed
  if (qos === 'BestEffort') return bestEffort
  const shared = sharedRequest(pod)
  let score = scoreOf(request(container) + shared, capacity)
  if (isSidecar(container) && pod.spec.initContainers?.some(({ name }) => name === container.name)) {
    // A sidecar is to outlive the containers it serves.
    const smallest = Math.min(...pod.spec.containers.map(request))
    score = Math.min(score, scoreOf(smallest + shared, capacity))
  }
  return Math.min(bestEffort - 1, Math.max(1000 + guaranteed, score))
}

function scoreOf(bytes: number, capacity: number): number {
  return 1000 - Math.floor((1000 * bytes) / capacity)
}

function request(container: Container): number {
  return quantityValue(container.resources?.requests?.memory)
}

/** What the pod asks for beyond its containers, divided among them. */
function sharedRequest(pod: NodePod): number {
  const whole = quantityValue(pod.spec.resources?.requests?.memory)
  if (whole === 0) return 0
  const lasting = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)]
  const own = lasting.reduce((sum, container) => sum + request(container), 0)
  return Math.floor((whole - own) / lasting.length)
}
