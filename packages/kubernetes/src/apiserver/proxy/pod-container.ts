import { ApiError } from '../../api/api-error.ts'
import type { Pod } from '../../api/types/core-v1.ts'

/** The container that a request is about: the one it names, or the pod's only one. @throws ApiError BadRequest */
export function containerOf(pod: Pod, asked: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {}
  const podName = pod.metadata.name ?? ''
  if (asked) {
    const all = [...containers, ...initContainers, ...ephemeralContainers]
    if (!all.some(({ name }) => name === asked)) {
      throw ApiError.badRequest(`container ${asked} is not valid for pod ${podName}`)
    }
    return asked
  }
  if (containers.length === 1) return containers[0]!.name
  if (containers.length === 0) {
    throw ApiError.badRequest(`a container name must be specified for pod ${podName}`)
  }
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).join(' ')
  let message = `a container name must be specified for pod ${podName}, choose one of: [${names(containers)}]`
  if (initContainers.length > 0) message += ` or one of the init containers: [${names(initContainers)}]`
  if (ephemeralContainers.length > 0) {
    message += ` or one of the ephemeral containers: [${names(ephemeralContainers)}]`
  }
  throw ApiError.badRequest(message)
}
