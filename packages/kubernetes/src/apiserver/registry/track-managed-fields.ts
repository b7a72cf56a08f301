import type { FieldsV1 } from '../../api/apply/field-set.ts'
import { updateManagedFields } from '../../api/apply/update-managed-fields.ts'
import type { KubeObject } from '../../api/kube-object.ts'
import { apiVersionOf } from '../../api/resource-info.ts'
import type { SchemaNode } from '../../api/schema/schema-node.ts'
import type { Target, WriteContext } from './registry.ts'

/** Along which schema a write is compared with what was there, and under which name its entry stands. */
export interface Tracking {
  node: SchemaNode
  apiVersion: string
  subresource: string
  resetFields?: FieldsV1
}

export function trackingOf({ resource, subresource }: Target): Tracking {
  return {
    node: resource.schema,
    apiVersion: apiVersionOf(resource.info),
    subresource,
    resetFields: resource.strategy.resetFields(subresource),
  }
}

/** Brings `next.metadata.managedFields` up to date; writers that keep no books carry them over. */
export function track(
  live: KubeObject | undefined,
  next: KubeObject,
  tracking: Tracking,
  { fieldManager }: WriteContext,
  now: string,
): void {
  const managedFields =
    fieldManager === undefined
      ? live?.metadata?.managedFields
      : updateManagedFields({ ...tracking, live, next, manager: fieldManager, now })
  next.metadata ??= {}
  if (managedFields) next.metadata.managedFields = managedFields
  else delete next.metadata.managedFields
}
