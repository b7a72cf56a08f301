import type { StoredKubeObject } from '../kube-object.ts'
import type { ResourceInfo } from '../resource-info.ts'
import { appsValidators } from './apps/apps-validators.ts'
import { batchValidators } from './batch/batch-validators.ts'
import { coreValidators } from './core/core-validators.ts'
import type { Validator } from './validator.ts'

/** By `<resource>.<group>`. */
const validators = new Map<string, Validator<StoredKubeObject>>(
  [coreValidators, appsValidators, batchValidators].flatMap(
    (group) => Object.entries(group) as unknown as [string, Validator<StoredKubeObject>][],
  ),
)

/** The rules of a built-in kind; undefined when metadata is all there is to check. */
export function validatorOf({ resource, group }: ResourceInfo): Validator<StoredKubeObject> | undefined {
  return validators.get(`${resource}.${group}`)
}
