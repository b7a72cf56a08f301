import { ApiError } from '../../api/api-error.ts'
import type { ContainerStatus, PodStatus } from '../../api/types/core-v1.ts'

/** The status of a container of whatever kind. */
export function containerStatus(status: PodStatus, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    (one) => one.name === name,
  )
}

/**
 * Which run of a container has the log that is asked for. Returns its id as statuses spell it (`containerd://…`).
 * @throws ApiError BadRequest with upstream's reason why there is none
 */
export function loggedContainer(
  podName: string,
  status: PodStatus,
  name: string,
  isPrevious: boolean,
): string {
  const found = containerStatus(status, name)
  const refuse = (why: string): never => {
    throw ApiError.badRequest(why)
  }
  const which = `container "${name}" in pod "${podName}"`
  if (!found) return refuse(`${which} is not available`)
  const { running, terminated, waiting } = found.state ?? {}
  const last = found.lastState?.terminated
  if (isPrevious) return last?.containerID || refuse(`previous terminated ${which} not found`)
  if (running) return found.containerID ?? ''
  if (terminated) return terminated.containerID || last?.containerID || refuse(`${which} is terminated`)
  if (last) return last.containerID || refuse(`${which} is terminated`)
  if (!waiting) return refuse(`${which} is waiting to start - no logs yet`)
  const reasons: Record<string, string> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: 'trying and failing to pull image',
  }
  const reason = waiting.reason ?? ''
  return refuse(`${which} is waiting to start: ${reasons[reason] ?? reason}`)
}
