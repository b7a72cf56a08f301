import type { KubeObject } from '../api/kube-object.ts'

/**
 * Writes `v1 Event`s about an object, as `kubectl describe` and `kubectl events` show them. Never throws and never waits;
 * equal events within ten minutes count up one object (client-go's correlator), and a spammer is held back.
 */
export interface EventRecorder {
  event(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void
}
