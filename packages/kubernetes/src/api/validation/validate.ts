import type { StatusCause } from '../api-error.ts'
import type { StoredKubeObject } from '../kube-object.ts'
import type { ResourceInfo } from '../resource-info.ts'
import { Field } from './field.ts'
import { nameRuleOf } from './name-rules.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from './object-meta.ts'
import { validatorOf } from './validators.ts'

/**
 * Everything that is wrong with a new object (defaulted, prepared by its strategy), with upstream's messages and field
 * paths, for `ApiError.invalid`. Values of a wrong type have been refused by decoding already.
 */
export function validateCreate(resource: ResourceInfo, object: StoredKubeObject): StatusCause[] {
  const field = new Field([])
  validateObjectMeta(object.metadata, resource.namespaced, nameRuleOf(resource), field.at('metadata'))
  validatorOf(resource)?.create(object, field)
  return field.causes
}

/**
 * The same for a change from `old` to `next`; `subresource` is '' for the resource itself. What was wrong before and is
 * unchanged may stay (ratcheting) where upstream lets it.
 */
export function validateUpdate(
  resource: ResourceInfo,
  next: StoredKubeObject,
  old: StoredKubeObject,
  subresource: string,
): StatusCause[] {
  const field = new Field([])
  validateObjectMetaUpdate(next.metadata, old.metadata, field.at('metadata'))
  validatorOf(resource)?.update(next, old, subresource, field)
  return field.causes
}
