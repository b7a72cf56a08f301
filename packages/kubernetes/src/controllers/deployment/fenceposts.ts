import { scaledValue } from '../common/int-or-percent.ts'
import { type OwnDeployment, wantedReplicas } from './rollout.ts'

export function isRollingUpdate({ spec }: OwnDeployment): boolean {
  return spec.strategy?.type === 'RollingUpdate'
}

/** Both limits in pods. Both 0 would stop every rollout: then one may be missing. */
function fenceposts(deployment: OwnDeployment): { surge: number; unavailable: number } {
  const wanted = wantedReplicas(deployment)
  const { maxSurge = 0, maxUnavailable = 0 } = deployment.spec.strategy?.rollingUpdate ?? {}
  const surge = scaledValue(maxSurge, wanted, true)
  const unavailable = scaledValue(maxUnavailable, wanted, false)
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable }
}

export function maxSurge(deployment: OwnDeployment): number {
  return isRollingUpdate(deployment) ? fenceposts(deployment).surge : 0
}

export function maxUnavailable(deployment: OwnDeployment): number {
  const wanted = wantedReplicas(deployment)
  if (!isRollingUpdate(deployment) || wanted === 0) return 0
  return Math.min(fenceposts(deployment).unavailable, wanted)
}
