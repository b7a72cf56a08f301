import type { StoredKubeObject } from '../kube-object.ts'
import type { ResourceInfo } from '../resource-info.ts'
import type { Validator } from './validator.ts'

const groups: Record<string, unknown>[] = []

const validators = new Map<string, Validator<StoredKubeObject>>(
  groups.flatMap((group) => Object.entries(group) as [string, Validator<StoredKubeObject>][]),
)

/** The rules of a built-in kind; undefined when metadata is all there is to check. */
export function validatorOf({ resource, group }: ResourceInfo): Validator<StoredKubeObject> | undefined {
  return validators.get(`${resource}.${group}`)
}
