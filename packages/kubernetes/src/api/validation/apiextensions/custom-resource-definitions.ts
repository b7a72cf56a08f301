import { deepEqual } from '../../json.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
} from '../../types/apiextensions-v1.ts'
import type { Field } from '../field.ts'
import { isDns1035Label, isDns1123Subdomain } from '../formats.ts'
import type { Validator } from '../validator.ts'
import { validateWebhookClient } from '../webhook-client.ts'
import { validateSchemaProps } from './schema-props.ts'

const approval = 'api-approved.kubernetes.io'
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = [
  'binary',
  'bool',
  'byte',
  'date',
  'date-time',
  'double',
  'float',
  'int32',
  'int64',
  'password',
]
const reviewVersions = ['v1', 'v1beta1']

/** Upstream's apis/apiextensions/validation. */
export const customResourceDefinitions: Validator<CustomResourceDefinition> = {
  create(definition, field) {
    const { plural } = definition.spec.names
    if (definition.metadata.name !== `${plural}.${definition.spec.group}`) {
      field
        .at('metadata', 'name')
        .invalid(definition.metadata.name ?? '', 'must be spec.names.plural+"."+spec.group')
    }
    checkSpec(definition.spec, field.at('spec'))
    checkStatus(definition, field.at('status'))
    checkApproval(definition, undefined, field.at('metadata', 'annotations'))
    checkPreserving(definition, undefined, field.at('spec', 'preserveUnknownFields'))
  },
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      checkNames(next.status?.acceptedNames, field.at('status', 'acceptedNames'))
      return
    }
    const spec = field.at('spec')
    checkSpec(next.spec, spec)
    const isEstablished = old.status?.conditions?.some(
      ({ type, status }) => type === 'Established' && status === 'True',
    )
    const immutable = (at: Field, value: unknown, before: unknown): void => {
      if (!deepEqual(value, before)) at.invalid(value, 'field is immutable')
    }
    if (isEstablished) {
      immutable(spec.at('scope'), next.spec.scope, old.spec.scope)
      immutable(spec.at('names', 'kind'), next.spec.names.kind, old.spec.names.kind)
    }
    immutable(spec.at('group'), next.spec.group, old.spec.group)
    immutable(spec.at('names', 'plural'), next.spec.names.plural, old.spec.names.plural)
    checkStatus(next, field.at('status'))
    checkApproval(next, old, field.at('metadata', 'annotations'))
    checkPreserving(next, old, spec.at('preserveUnknownFields'))
  },
}

function checkSpec(spec: CustomResourceDefinitionSpec, field: Field): void {
  const { group, scope, versions, names } = spec
  if (!group) field.at('group').required()
  else if (isDns1123Subdomain(group).length > 0) {
    field.at('group').invalid(group, isDns1123Subdomain(group).join(','))
  } else if (!group.includes('.'))
    field.at('group').invalid(group, 'should be a domain with at least one dot')
  if (!scope) field.at('scope').required()
  else if (!['Cluster', 'Namespaced'].includes(scope)) {
    field.at('scope').notSupported(scope, ['Cluster', 'Namespaced'])
  }
  // Upstream holds what all versions have alike once, and speaks of it there.
  const [first] = versions
  const sameSchema = first?.schema && versions.every(({ schema }) => deepEqual(schema, first.schema))
  const schemaFields = (index: number): Field =>
    sameSchema ? field.at('validation') : field.at('versions').index(index).at('schema')
  for (const [index, version] of versions.entries()) {
    const at = field.at('versions').index(index)
    if (!version.schema?.openAPIV3Schema) at.at('schema', 'openAPIV3Schema').required()
    if (isDns1035Label(version.name).length > 0) {
      at.at('name').invalid(version.name, isDns1035Label(version.name).join(','))
    }
    checkVersion(version, at)
    if (version.schema?.openAPIV3Schema && (!sameSchema || index === 0)) {
      const statusEnabled = version.subresources?.status !== undefined
      validateSchemaProps(
        version.schema.openAPIV3Schema,
        statusEnabled,
        schemaFields(index).at('openAPIV3Schema'),
      )
    }
  }
  if (new Set(versions.map(({ name }) => name)).size !== versions.length) {
    field.at('versions').invalid(versions, 'must contain unique version names')
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    field.at('versions').invalid(versions, 'must have exactly one version marked as storage version')
  }
  for (const name of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if (!names[name]) field.at('names', name).required()
  }
  checkNames(names, field.at('names'))
  checkConversion(spec.conversion, field.at('conversion'))
}

function checkVersion(version: CustomResourceDefinitionVersion, field: Field): void {
  const { deprecated, deprecationWarning } = version
  if (deprecationWarning !== undefined) {
    const at = field.at('deprecationWarning')
    if (!deprecated) at.invalid(deprecationWarning, 'can only be set for deprecated versions')
    else if (deprecationWarning === '') at.invalid(deprecationWarning, 'must not be an empty string')
    else if (deprecationWarning.length > 256) at.invalid(deprecationWarning, 'must be <= 256 characters long')
  }
  checkSubresources(version.subresources, field.at('subresources'))
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries()) {
    checkColumn(column, field.at('additionalPrinterColumns').index(index))
  }
  const paths = new Set<string>()
  for (const [index, { jsonPath }] of (version.selectableFields ?? []).entries()) {
    const at = field.at('selectableFields').index(index).at('jsonPath')
    if (!jsonPath) at.required()
    else if (/^\.?metadata(\.|$)/.test(jsonPath)) at.invalid(jsonPath, 'must not point to fields in metadata')
    else if (!isSelectable(version, jsonPath)) {
      at.invalid(
        jsonPath,
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      )
    } else if (paths.has(jsonPath)) at.duplicate(jsonPath)
    paths.add(jsonPath)
  }
  if (paths.size > 8) field.at('selectableFields').tooMany(paths.size, 8)
}

function isSelectable({ schema }: CustomResourceDefinitionVersion, path: string): boolean {
  let node = schema?.openAPIV3Schema
  for (const name of path.replace(/^\./, '').split('.')) node = node?.properties?.[name]
  return ['string', 'boolean', 'integer'].includes(node?.type ?? '')
}

function checkSubresources(subresources: CustomResourceSubresources | undefined, field: Field): void {
  const scale = subresources?.scale
  if (!scale) return
  const check = (name: string, path: string | undefined, roots: string[], where: string): void => {
    const at = field.at(`scale.${name}`)
    if (!path) {
      if (name !== 'labelSelectorPath') at.required()
    } else if (!path.startsWith('.') || path.length === 1) {
      at.invalid(path, 'must be a simple json path starting with .')
    } else if (!roots.some((root) => path.startsWith(root))) at.invalid(path, where)
  }
  check('specReplicasPath', scale.specReplicasPath, ['.spec.'], 'should be a json path under .spec')
  check('statusReplicasPath', scale.statusReplicasPath, ['.status.'], 'should be a json path under .status')
  const either = 'should be a json path under either .spec or .status'
  check('labelSelectorPath', scale.labelSelectorPath, ['.spec.', '.status.'], either)
}

function checkColumn(column: CustomResourceColumnDefinition, field: Field): void {
  if (!column.name) field.at('name').required()
  const types = `must be one of ${columnTypes.join(',')}`
  if (!column.type) field.at('type').required(types)
  else if (!columnTypes.includes(column.type)) field.at('type').invalid(column.type, types)
  if (column.format && !columnFormats.includes(column.format)) {
    field.at('format').invalid(column.format, `must be one of ${columnFormats.join(',')}`)
  }
  if (!column.jsonPath) field.at('JSONPath').required()
  else if (!column.jsonPath.startsWith('.')) {
    field.at('JSONPath').invalid(column.jsonPath, 'must be a simple json path starting with .')
  }
}

function checkNames(names: CustomResourceDefinitionNames | undefined, field: Field): void {
  if (!names) return
  for (const name of ['plural', 'singular'] as const) {
    const value = names[name]
    const messages = value ? isDns1035Label(value) : []
    if (messages.length > 0) field.at(name).invalid(value, messages.join(','))
  }
  for (const name of ['kind', 'listKind'] as const) {
    const value = names[name]
    const messages = value ? isDns1035Label(value.toLowerCase()) : []
    if (messages.length > 0) {
      field.at(name).invalid(value, `may have mixed case, but should otherwise match: ${messages.join(',')}`)
    }
  }
  for (const list of ['shortNames', 'categories'] as const) {
    for (const [index, value] of (names[list] ?? []).entries()) {
      const messages = isDns1035Label(value)
      if (messages.length > 0) field.at(list).index(index).invalid(value, messages.join(','))
    }
  }
  if (names.kind && names.kind === names.listKind) {
    field.at('listKind').invalid(names.listKind, 'kind and listKind may not be the same')
  }
}

function checkConversion(conversion: CustomResourceConversion | undefined, field: Field): void {
  if (!conversion) return
  const { strategy, webhook } = conversion
  if (!strategy) field.at('strategy').required()
  else if (!['None', 'Webhook'].includes(strategy))
    field.at('strategy').notSupported(strategy, ['None', 'Webhook'])
  const config = webhook?.clientConfig
  const at = field.at('webhookClientConfig')
  if (strategy !== 'Webhook') {
    if (config) at.forbidden('should not be set when strategy is not set to Webhook')
    if (webhook?.conversionReviewVersions?.length) {
      field.at('conversionReviewVersions').forbidden('should not be set when strategy is not set to Webhook')
    }
    return
  }
  if (!config) at.required('required when strategy is set to Webhook')
  else validateWebhookClient(config, at)
  const versions = webhook?.conversionReviewVersions ?? []
  if (versions.length === 0) field.at('conversionReviewVersions').required()
  else if (!versions.some((version) => reviewVersions.includes(version))) {
    field
      .at('conversionReviewVersions')
      .invalid(versions, `must include at least one of ${reviewVersions.join(', ')}`)
  }
}

function checkStatus({ status, spec }: CustomResourceDefinition, field: Field): void {
  checkNames(status?.acceptedNames, field.at('acceptedNames'))
  const stored = status?.storedVersions ?? []
  const at = field.at('storedVersions')
  if (stored.length === 0) at.invalid(stored, 'must have at least one stored version')
  const storage = spec.versions.find((version) => version.storage)?.name
  if (storage && stored.length > 0 && !stored.includes(storage)) {
    at.invalid(stored, `must have the storage version ${storage}`)
  }
  for (const [index, name] of stored.entries()) {
    if (spec.versions.some((version) => version.name === name)) continue
    at.index(index).invalid(
      name,
      `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
    )
  }
}

function checkApproval(
  next: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
  field: Field,
): void {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(next.spec.group)) return
  const value = next.metadata.annotations?.[approval] ?? ''
  const good = value.startsWith('unapproved') || URL.parse(value)?.host
  if (good) return
  const before = old?.metadata.annotations?.[approval]
  if (old && (before ?? '') === value) return
  if (value === '') {
    field
      .key(approval)
      .required(
        `protected groups must have approval annotation ${JSON.stringify(approval)}, see https://github.com/kubernetes/enhancements/pull/1111`,
      )
  } else {
    field
      .key(approval)
      .invalid(
        value,
        `protected groups must have approval annotation ${JSON.stringify(approval)} with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`,
      )
  }
}

function checkPreserving(
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
  field: Field,
): void {
  if (!spec.preserveUnknownFields || old?.spec.preserveUnknownFields) return
  field.invalid(
    true,
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
  )
}
