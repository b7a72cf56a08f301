import { ApiError } from '../../api/api-error.ts'
import type { NodePod } from '../pods/node-pod.ts'
import type { KubeletRequest } from './kubelet-request.ts'
import type { KubeletServerSource } from './kubelet-server-source.ts'
import { pageNotFound } from './page-not-found.ts'

/** What `/<verb>/<namespace>/<pod>[/<uid>]/<container>` names. @throws ApiError NotFound */
export function podAndContainer(
  source: KubeletServerSource,
  { parts }: KubeletRequest,
): { pod: NodePod; container: string } {
  const container = parts.at(-1)
  if (parts.length < 4 || parts.length > 5 || !container) throw pageNotFound()
  return { pod: findPod(source, parts, parts.length === 5 ? parts[3] : undefined), container }
}

/** What `/<verb>/<namespace>/<pod>[/<uid>]` names. @throws ApiError NotFound */
export function podOnly(source: KubeletServerSource, { parts }: KubeletRequest): NodePod {
  if (parts.length < 3 || parts.length > 4) throw pageNotFound()
  return findPod(source, parts, parts[3])
}

function findPod(source: KubeletServerSource, parts: readonly string[], uid: string | undefined): NodePod {
  const [, namespace = '', name = ''] = parts
  const pod = source.pod(namespace, name)
  if (!pod || (uid && pod.metadata.uid !== uid)) throw new ApiError('NotFound', 'pod does not exist')
  return pod
}
