import { isJsonObject } from '../../api/json.ts'
import type { StoredKubeObject } from '../../api/kube-object.ts'
import { apiVersionOf, type ResourceInfo } from '../../api/resource-info.ts'
import type { SelectableFields } from './served-resource.ts'

/** Where a field's value is when it is not at its own path. */
type Reader = (object: StoredKubeObject) => unknown

const own: Reader | undefined = undefined
const names = { 'metadata.name': own, 'metadata.namespace': own }

const notSupported = (field: string) => `field label not supported: ${field}`

interface KindFields {
  fields: Record<string, Reader | undefined>
  unsupported: (field: string) => string
}

const involved =
  (field: string): Reader =>
  (object) =>
    at(object, ['involvedObject', field]) ?? at(object, ['regarding', field])
const eventSource: Reader = (object) =>
  at(object, ['source', 'component']) ||
  at(object, ['deprecatedSource', 'component']) ||
  at(object, ['reportingComponent']) ||
  at(object, ['reportingController'])

/** By `<resource>.<group>`: kinds with more than name and namespace, from upstream's field label conversions. */
const kinds: Record<string, KindFields> = {
  'pods.': {
    fields: {
      ...names,
      'spec.nodeName': own,
      'spec.host': (object) => at(object, ['spec', 'nodeName']),
      'spec.restartPolicy': own,
      'spec.schedulerName': own,
      'spec.serviceAccountName': own,
      'spec.hostNetwork': (object) => at(object, ['spec', 'hostNetwork']) ?? false,
      'status.phase': own,
      'status.podIP': own,
      'status.podIPs': own,
      'status.nominatedNodeName': own,
    },
    unsupported: notSupported,
  },
  'nodes.': {
    fields: {
      'metadata.name': own,
      'spec.unschedulable': (object) => at(object, ['spec', 'unschedulable']) ?? false,
    },
    unsupported: notSupported,
  },
  'replicationcontrollers.': { fields: { ...names, 'status.replicas': own }, unsupported: notSupported },
  'events.': {
    fields: {
      ...names,
      'involvedObject.kind': own,
      'involvedObject.namespace': own,
      'involvedObject.name': own,
      'involvedObject.uid': own,
      'involvedObject.apiVersion': own,
      'involvedObject.resourceVersion': own,
      'involvedObject.fieldPath': own,
      reason: own,
      reportingComponent: own,
      source: eventSource,
      type: own,
    },
    unsupported: notSupported,
  },
  'events.events.k8s.io': {
    fields: {
      ...names,
      'regarding.kind': involved('kind'),
      'regarding.namespace': involved('namespace'),
      'regarding.name': involved('name'),
      'regarding.uid': involved('uid'),
      'regarding.apiVersion': involved('apiVersion'),
      'regarding.resourceVersion': involved('resourceVersion'),
      'regarding.fieldPath': involved('fieldPath'),
      reason: own,
      reportingController: (object) =>
        at(object, ['reportingController']) ?? at(object, ['reportingComponent']),
      type: own,
    },
    unsupported: notSupported,
  },
  'namespaces.': { fields: { 'metadata.name': own, 'status.phase': own }, unsupported: notSupported },
  'secrets.': { fields: { ...names, type: own }, unsupported: notSupported },
  'services.': { fields: { ...names, 'spec.clusterIP': own, 'spec.type': own }, unsupported: notSupported },
  'jobs.batch': {
    fields: { ...names, 'status.successful': (object) => at(object, ['status', 'succeeded']) ?? 0 },
    unsupported: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  },
  'certificatesigningrequests.certificates.k8s.io': {
    fields: { 'metadata.name': own, 'spec.signerName': own },
    unsupported: notSupported,
  },
  'resourceslices.resource.k8s.io': {
    fields: { 'metadata.name': own, 'spec.nodeName': own, 'spec.driver': own },
    unsupported: (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
  },
}

const others: KindFields = {
  fields: names,
  unsupported: (field) =>
    `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
}

/** Of a built-in kind. */
export function builtinSelectableFields({ resource, group }: ResourceInfo): SelectableFields {
  return selectable(kinds[`${resource}.${group}`] ?? others)
}

/** Of a custom resource: `paths` are the `selectableFields` of its CustomResourceDefinition, e.g. `.spec.color`. */
export function customSelectableFields(info: ResourceInfo, paths: readonly string[]): SelectableFields {
  const fields = { ...names, ...Object.fromEntries(paths.map((path) => [path.replace(/^\./, ''), own])) }
  const gvk = `${apiVersionOf(info)}, Kind=${info.kind}`
  return selectable({ fields, unsupported: (field) => `field label not supported for ${gvk}: ${field}` })
}

function selectable({ fields, unsupported }: KindFields): SelectableFields {
  return {
    has: (field) => Object.hasOwn(fields, field),
    read: (object, field) => textOf(fields[field] ? fields[field](object) : at(object, field.split('.'))),
    unsupported,
  }
}

function at(object: unknown, path: string[]): unknown {
  let value: unknown = object
  for (const step of path) {
    if (!isJsonObject(value)) return undefined
    value = value[step]
  }
  return value
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}
