import type { PodStatus } from '../../api/types/core-v1.ts'
import type { NodePod } from '../pods/node-pod.ts'

/** What the kubelet's server, its statistics and its housekeeping ask of the kubelet. */
export interface KubeletServerSource {
  /** Every pod that is worked on, static ones included. */
  pods(): readonly NodePod[]
  /** Of several with that name the one that is not on its way out. */
  pod(namespace: string, name: string): NodePod | undefined
  /** As it was last made here, whether the API has it already or not. */
  status(uid: string): PodStatus | undefined
  /** Calls back whenever `status` of that pod would say something else, or nothing any more. Returns how to end that. */
  onStatus(listener: (uid: string) => void): () => void
  /** Path of a pod's cgroup, where the kubelet makes them (driver `cgroupfs`). */
  cgroupOf(pod: NodePod): string
}
