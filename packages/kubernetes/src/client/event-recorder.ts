import type { KubeObject } from '../api/kube-object.ts'

/**
 * Writes `v1 Event`s about an object, as `kubectl describe` and `kubectl events` show them. Never throws and never waits;
 * equal events within ten minutes count up one object (client-go's correlator), and a spammer is held back.
 */
export interface EventRecorder {
  /**
   * @param about needs `apiVersion`, `kind` and `metadata`
   * @param fieldPath the part that is meant, e.g. `spec.containers{web}`
   */
  event(
    about: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    fieldPath?: string,
  ): void
}
