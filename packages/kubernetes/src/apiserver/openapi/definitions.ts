import { apiVersionOf, parseApiVersion, type ResourceInfo } from '../../api/resource-info.ts'
import { schemaNameOf } from '../../api/resources.ts'
import { hasSchema, schemaOf } from '../../api/schema/schemas.ts'
import { customListSchema, customSchema, customSchemaName } from './custom-resource.ts'
import { type Dialect, type JsonSchema, structSchema, wellKnownSchema } from './json-schema.ts'
import type { OpenApiSource } from './open-api-source.ts'

const gvkKey = 'x-kubernetes-group-version-kind'
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
/** Every group version has these kinds of meta/v1. */
const shared = [`${meta}.DeleteOptions`, `${meta}.Status`, `${meta}.WatchEvent`, `${meta}.APIResourceList`]

/** Name of the definition of a resource's kind. */
export function definitionName(resource: ResourceInfo): string {
  return resource.schema ?? customSchemaName(resource, resource.kind)
}

/** All definitions that the resources need, by name: their kinds, lists, bodies of subresources, and what these hold. */
export function definitionsOf(
  resources: readonly ResourceInfo[],
  source: OpenApiSource,
  dialect: Dialect,
): Map<string, JsonSchema> {
  const found = new Map<string, JsonSchema>()
  const pending: string[] = [...shared]
  const refer = (name: string) => pending.push(name)
  const kinds = new Map<string, JsonSchema[]>()
  const declare = (name: string, gvk: { group: string; version: string; kind: string }) => {
    const { group, version, kind } = gvk
    const known = kinds.get(name) ?? []
    if (!known.some((each) => each.group === group && each.version === version))
      known.push({ group, version, kind })
    kinds.set(name, known)
  }

  for (const resource of resources) {
    const { group, version, kind, listKind } = resource
    declare(`${meta}.DeleteOptions`, { group, version, kind: 'DeleteOptions' })
    declare(`${meta}.WatchEvent`, { group, version, kind: 'WatchEvent' })
    for (const body of [resource, ...resource.subresources.flatMap((each) => each.kind ?? [])]) {
      const name = schemaNameOf(body)
      if (!name) continue
      declare(name, { group: body.group, version: body.version, kind: body.kind })
      refer(name)
    }
    if (resource.schema) {
      const list = schemaNameOf({ group, version, kind: listKind })
      if (!list) continue
      declare(list, { group, version, kind: listKind })
      refer(list)
    } else {
      found.set(customSchemaName(resource, kind), customSchema(resource, source, dialect, refer))
      found.set(customSchemaName(resource, listKind), customListSchema(resource, dialect, refer))
    }
  }
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (found.has(name)) continue
    const schema =
      wellKnownSchema(name, dialect) ??
      (hasSchema(name) ? structSchema(schemaOf(name), dialect, refer) : undefined)
    if (!schema) continue
    const own = kinds.get(name)
    if (own) schema[gvkKey] = own
    found.set(name, schema)
  }
  return new Map([...found].sort(([left], [right]) => (left < right ? -1 : 1)))
}

/** Resources by `apiVersion`, in order. */
export function byGroupVersion(resources: readonly ResourceInfo[]): Map<string, ResourceInfo[]> {
  const groups = new Map<string, ResourceInfo[]>()
  for (const resource of resources) {
    const apiVersion = apiVersionOf(resource)
    const own = groups.get(apiVersion)
    if (own) own.push(resource)
    else groups.set(apiVersion, [resource])
  }
  return groups
}

/** Where a group version is served: `api/v1`, `apis/apps/v1`. */
export function pathOf(apiVersion: string): string {
  return parseApiVersion(apiVersion).group ? `apis/${apiVersion}` : `api/${apiVersion}`
}
