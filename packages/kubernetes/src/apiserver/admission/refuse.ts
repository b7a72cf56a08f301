import { ApiError } from '../../api/api-error.ts'
import type { AdmissionAttributes } from './admission-plugin.ts'

/** The Forbidden error of a plugin that does not let something in; `why` as upstream words it. */
export function refuse(attributes: AdmissionAttributes, why: string): ApiError {
  const { name, object, resource } = attributes
  // At CREATE the name may not be made yet.
  const known = name || object?.metadata?.name || object?.metadata?.generateName || 'Unknown'
  return ApiError.forbidden(resource.group, resource.resource, known, why)
}
