import { ApiError, type StatusCause } from '../../api/api-error.ts'
import { compareVersions } from '../../api/compare-versions.ts'
import { cloneJson, isJsonObject } from '../../api/json.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import type { ResourceInfo, SubresourceInfo, Verb } from '../../api/resource-info.ts'
import type { StructNode } from '../../api/schema/schema-node.ts'
import { schemaOf } from '../../api/schema/schemas.ts'
import { conform } from '../../api/structure/conform.ts'
import { DecodeError } from '../../api/structure/decode-error.ts'
import { pruneUnknown } from '../../api/structure/prune-unknown.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../../api/types/apiextensions-v1.ts'
import { Field } from '../../api/validation/field.ts'
import { hasDefaults, withDefaults } from '../../api/validation/structural/default-value.ts'
import { validateListUniqueness } from '../../api/validation/structural/list-uniqueness.ts'
import { toStructNode } from '../../api/validation/structural/to-struct-node.ts'
import { hasRules, validateRules } from '../../api/validation/structural/validate-rules.ts'
import { validateValue } from '../../api/validation/structural/validate-value.ts'
import { validateCreate, validateUpdate } from '../../api/validation/validate.ts'
import { customSelectableFields } from '../registry/selectable-fields.ts'
import type {
  ScalePaths,
  SelectableFields,
  ServedResource,
  VersionConversion,
} from '../registry/served-resource.ts'
import { type Strategy, strategyFor } from '../registry/strategy.ts'
import type { ConvertObjects } from './custom-conversion.ts'

const objectVerbs: Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
]
const viewVerbs: Verb[] = ['get', 'patch', 'update']

const blockingReasons = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

/** One served version of a CustomResourceDefinition. */
export class CustomResource implements ServedResource {
  readonly info: ResourceInfo
  readonly returnsDeleted = false
  readonly conversion?: VersionConversion
  readonly columns: ServedResource['columns']
  readonly openApiSchema: unknown
  readonly scale?: ScalePaths
  readonly deprecation: string | undefined
  readonly #definition: CustomResourceDefinition
  readonly #version: CustomResourceDefinitionVersion
  readonly #jsonSchema: JSONSchemaProps | undefined
  readonly #hasDefaults: boolean
  #schema: StructNode | undefined
  #selectableFields: SelectableFields | undefined

  constructor(
    definition: CustomResourceDefinition,
    version: CustomResourceDefinitionVersion,
    convert: ConvertObjects,
  ) {
    this.#definition = definition
    this.#version = version
    this.#jsonSchema = version.schema?.openAPIV3Schema
    this.#hasDefaults = hasDefaults(this.#jsonSchema)
    this.info = infoOf(definition, version)
    this.columns = version.additionalPrinterColumns
    this.openApiSchema = this.#jsonSchema
    this.deprecation = deprecationOf(definition, version)
    const scale = version.subresources?.scale
    if (scale) {
      this.scale = {
        specReplicas: scale.specReplicasPath,
        statusReplicas: scale.statusReplicasPath,
        ...(scale.labelSelectorPath && { labelSelector: scale.labelSelectorPath }),
      }
    }
    if (definition.spec.versions.length > 1 || this.#hasDefaults) this.conversion = this.#conversion(convert)
  }

  get schema(): StructNode {
    this.#schema ??= toStructNode(this.#jsonSchema)
    return this.#schema
  }

  get strategy(): Strategy {
    return strategyFor(this.info)
  }

  get selectableFields(): SelectableFields {
    this.#selectableFields ??= customSelectableFields(
      this.info,
      (this.#version.selectableFields ?? []).map(({ jsonPath }) => jsonPath),
    )
    return this.#selectableFields
  }

  conform(value: unknown, unknown?: string[]): KubeObject {
    if (!isJsonObject(value)) throw new DecodeError('json: cannot unmarshal a value that is no object')
    const object = cloneJson(value) as KubeObject
    const found = pruneUnknown(this.schema, object)
    unknown?.push(...found)
    object.metadata = conform(schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'), object.metadata)
    return object
  }

  setDefaults(object: KubeObject): void {
    if (this.#hasDefaults) Object.assign(object, withDefaults(this.#jsonSchema!, object))
  }

  validateCreate(object: StoredKubeObject): StatusCause[] {
    if (this.#definition.metadata.deletionTimestamp) {
      throw new ApiError(
        'MethodNotAllowed',
        'create not allowed while custom resource definition is terminating',
        { group: this.info.group, kind: this.info.resource },
      )
    }
    return [...validateCreate(this.info, object), ...this.#validateContent(object, undefined, '')]
  }

  validateUpdate(next: StoredKubeObject, old: StoredKubeObject, subresource: string): StatusCause[] {
    return [
      ...validateUpdate(this.info, next, old, subresource),
      ...this.#validateContent(next, old, subresource),
    ]
  }

  #validateContent(
    object: StoredKubeObject,
    old: StoredKubeObject | undefined,
    subresource: string,
  ): StatusCause[] {
    const root = new Field([])
    const schema = this.#jsonSchema
    // The status endpoint changes nothing else, so it looks at nothing else.
    const [value, before, part, field] =
      subresource === 'status'
        ? [object.status, old?.status, schema?.properties?.status, root.at('status')]
        : [object, old, schema, root]
    if (part && value !== undefined) {
      validateValue(part, value, before, field)
      validateListUniqueness(part, value, field)
    }
    if (this.scale) checkReplicas(this.scale, object, root)
    if (schema) this.#validateRules(schema, object, old, root)
    return root.causes
  }

  /** Rules are only for what has the shape that they expect. */
  #validateRules(
    schema: JSONSchemaProps,
    object: StoredKubeObject,
    old: StoredKubeObject | undefined,
    root: Field,
  ): void {
    if (!hasRules(schema)) return
    if (root.causes.some(({ reason }) => blockingReasons.has(reason ?? ''))) {
      root.invalid(
        undefined,
        'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      )
    } else {
      validateRules(schema, object, old, root)
    }
  }

  #conversion(convert: ConvertObjects): VersionConversion {
    const storage = this.info.storageVersion
    const filled = (objects: StoredKubeObject[]): StoredKubeObject[] =>
      this.#hasDefaults ? objects.map((object) => withDefaults(this.#jsonSchema!, object)) : objects
    return {
      fromStorage: (objects) => {
        const converted = convert(objects, this.info.version)
        return Array.isArray(converted) ? filled(converted) : converted.then(filled)
      },
      toStorage: (object) => {
        const converted = convert([object], storage)
        return Array.isArray(converted) ? converted[0]! : converted.then(([first]) => first!)
      },
    }
  }
}

function infoOf(
  { spec, status }: CustomResourceDefinition,
  { name, subresources }: CustomResourceDefinitionVersion,
): ResourceInfo {
  const names = status?.acceptedNames ?? spec.names
  const views: SubresourceInfo[] = []
  if (subresources?.status) views.push({ name: 'status', verbs: viewVerbs })
  if (subresources?.scale) {
    const kind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
    views.push({ name: 'scale', verbs: viewVerbs, kind })
  }
  return {
    group: spec.group,
    version: name,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    resource: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === 'Namespaced',
    verbs: objectVerbs,
    subresources: views,
    storageVersion: spec.versions.find(({ storage }) => storage)?.name ?? name,
  }
}

function deprecationOf(
  { spec }: CustomResourceDefinition,
  { name, deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
): string | undefined {
  if (!deprecated) return undefined
  if (deprecationWarning !== undefined) return deprecationWarning
  const { group, names, versions } = spec
  const [better] = versions
    .filter((each) => each.served && !each.deprecated && compareVersions(each.name, name) < 0)
    .map((each) => each.name)
    .sort(compareVersions)
  const instead = better ? `; use ${group}/${better} ${names.kind}` : ''
  return `${group}/${name} ${names.kind} is deprecated${instead}`
}

function checkReplicas(scale: ScalePaths, object: StoredKubeObject, root: Field): void {
  for (const path of [scale.specReplicas, scale.statusReplicas]) {
    const names = path.replace(/^\./, '').split('.')
    const value = names.reduce<unknown>((at, name) => (isJsonObject(at) ? at[name] : undefined), object)
    if (value === undefined) continue
    const field = new Field(root.causes, path)
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      field.invalid(
        0,
        `${path} accessor error: ${String(value)} is of the type ${typeof value}, expected int64`,
      )
    } else if (value < 0) field.invalid(value, 'should be a non-negative integer')
    else if (value > 2 ** 31 - 1) field.invalid(value, 'should be less than or equal to 2147483647')
  }
}
