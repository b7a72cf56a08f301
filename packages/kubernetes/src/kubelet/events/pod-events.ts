import type { EventRecorder } from '../../client/event-recorder.ts'
import { containerFieldPath, type NodePod } from '../pods/node-pod.ts'

export type EventType = 'Normal' | 'Warning'

/** Events about pods and their containers. */
export class PodEvents {
  private readonly recorder: EventRecorder

  constructor(recorder: EventRecorder) {
    this.recorder = recorder
  }

  pod(pod: NodePod, type: EventType, reason: string, message: string): void {
    this.recorder.event(reference(pod), type, reason, message)
  }

  container(pod: NodePod, name: string, type: EventType, reason: string, message: string): void {
    this.recorder.event(reference(pod), type, reason, message, containerFieldPath(pod.spec, name))
  }
}

/** Objects out of lists do not say what kind they are. */
function reference(pod: NodePod): { apiVersion: string; kind: string; metadata: NodePod['metadata'] } {
  return { apiVersion: 'v1', kind: 'Pod', metadata: pod.metadata }
}
