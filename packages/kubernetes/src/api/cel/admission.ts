import type { CelEnvironment } from './cel.ts'
import { type CelType, dyn, listOf, mapOf, type ObjectType, objectType, string } from './cel-type.ts'

// What expressions of admission speak of: match conditions of webhooks, and policies.

const timestamp: CelType = { kind: 'timestamp' }
const int: CelType = { kind: 'int' }
const strings = listOf(string)
const stringMap = mapOf(string, string)

const groupVersionKind = objectType('kubernetes.GroupVersionKind', {
  group: string,
  version: string,
  kind: string,
})
const groupVersionResource = objectType('kubernetes.GroupVersionResource', {
  group: string,
  version: string,
  resource: string,
})

/** The type of `request`. */
export const admissionRequestType = objectType('kubernetes.AdmissionRequest', {
  kind: groupVersionKind,
  resource: groupVersionResource,
  subResource: string,
  requestKind: groupVersionKind,
  requestResource: groupVersionResource,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo: objectType('kubernetes.UserInfo', {
    username: string,
    uid: string,
    groups: strings,
    extra: mapOf(string, strings),
  }),
  dryRun: { kind: 'bool' },
  options: dyn,
})

/** The type of `namespaceObject`. */
export const namespaceObjectType = objectType('kubernetes.Namespace', {
  metadata: objectType('kubernetes.NamespaceMetadata', {
    name: string,
    generateName: string,
    namespace: string,
    labels: stringMap,
    annotations: stringMap,
    UID: string,
    creationTimestamp: timestamp,
    deletionGracePeriodSeconds: int,
    deletionTimestamp: timestamp,
    generation: int,
    resourceVersion: string,
    finalizers: strings,
  }),
  spec: objectType('kubernetes.NamespaceSpec', { finalizers: strings }),
  status: objectType('kubernetes.NamespaceStatus', {
    conditions: listOf(
      objectType('kubernetes.NamespaceCondition', {
        status: string,
        type: string,
        lastTransitionTime: timestamp,
        message: string,
        reason: string,
      }),
    ),
    phase: string,
  }),
})

export const jsonPatchType = objectType('JSONPatch', { op: string, path: string, from: string, value: dyn })

/** Any field, of any type. */
class AnyFields extends Map<string, CelType> {
  override get(): CelType {
    return dyn
  }
  override has(): boolean {
    return true
  }
}

/** `Object`, `Object.spec` …: partial objects, of which no more is known than where in the object they belong. */
export function partialObjectType(name: string): ObjectType {
  return { kind: 'object', name, fields: new AnyFields() }
}

function patchTypes(name: string): ObjectType | undefined {
  if (name === 'JSONPatch') return jsonPatchType
  return name === 'Object' || name.startsWith('Object.') ? partialObjectType(name) : undefined
}

export interface AdmissionExpressions {
  /** There is a parameter, `params`. */
  params?: boolean
  authorizer?: boolean
  /** The policy's own `variables`, with the types of their expressions. */
  variables?: Readonly<Record<string, CelType>>
  /** Expressions may make objects and patches. */
  patches?: boolean
}

/**
 * Values to give them: `object`, `oldObject` and `params` (dyn, null where there is none), `request`, `namespaceObject`
 * (null for what has no namespace), `authorizer`, `authorizer.requestResource`, `variables`.
 */
export function admissionEnvironment(kind: AdmissionExpressions): CelEnvironment {
  const { params, authorizer, variables, patches } = kind
  const opaque = (name: string): CelType => ({
    kind: 'opaque',
    name: `kubernetes.authorization.${name}`,
    parameters: [],
  })
  return {
    variables: {
      object: dyn,
      oldObject: dyn,
      request: admissionRequestType,
      namespaceObject: namespaceObjectType,
      ...(params && { params: dyn }),
      ...(authorizer && {
        authorizer: opaque('Authorizer'),
        'authorizer.requestResource': opaque('ResourceCheck'),
      }),
      ...(variables && { variables: objectType('kubernetes.variables', { ...variables }) }),
    },
    ...(patches && { message: patchTypes }),
  }
}
