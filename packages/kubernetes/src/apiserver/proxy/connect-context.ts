import type { KubeObject } from '../../api/kube-object.ts'
import type { ApiRequest } from '../http/api-request.ts'
import type { WriteContext } from '../registry/registry.ts'

/** For the admission of connections, which write nothing. */
export function connectContext({ user, warnings }: ApiRequest, options: KubeObject): WriteContext {
  return { user, dryRun: false, fieldManager: undefined, options, warn: (text) => warnings.add(text) }
}
