import type { CelEnvironment } from '../../cel/cel.ts'
import { checkCel } from '../../cel/cel.ts'
import { CelCompileError } from '../../cel/cel-error.ts'
import { bool, dyn, mapOf, objectType, string } from '../../cel/cel-type.ts'
import { isJsonObject } from '../../json.ts'
import type {
  DeviceAttribute,
  DeviceConfiguration,
  DeviceSelector,
  DeviceTaint,
  DeviceToleration,
} from '../../types/resource-v1.ts'
import { validateCsiDriverName } from '../core/csi-driver-name.ts'
import type { Field } from '../field.ts'
import { isCIdentifier, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../formats.ts'
import { oneOf, oneOfIfSet } from '../rules.ts'

const mostSelectors = 32
const longestExpression = 10 * 1024
const longestParameters = 10 * 1024
const longestPoolName = 253
const longestValue = 64
const taintEffects = ['NoExecute', 'NoSchedule', 'None']
const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/

/** What selectors of devices speak of. */
const deviceEnvironment: CelEnvironment = {
  variables: {
    device: objectType('kubernetes.DRADevice', {
      driver: string,
      attributes: mapOf(string, mapOf(string, dyn)),
      capacity: mapOf(string, mapOf(string, { kind: 'opaque', name: 'kubernetes.Quantity', parameters: [] })),
      allowMultipleAllocations: bool,
    }),
  },
}

/** A list that may only be so long. @returns its elements with their places */
export function bounded<T>(list: readonly T[] | undefined, most: number, field: Field): [T, Field][] {
  const values = list ?? []
  if (values.length > most) field.tooMany(values.length, most)
  return values.map((value, index) => [value, field.index(index)])
}

export function validateSelectors(selectors: DeviceSelector[] | undefined, field: Field): void {
  for (const [{ cel }, at] of bounded(selectors, mostSelectors, field)) {
    const here = at.at('cel', 'expression')
    if (!cel) at.at('cel').required()
    else if (cel.expression.length > longestExpression) here.tooLong(longestExpression)
    else validateSelector(cel.expression, here)
  }
}

function validateSelector(expression: string, field: Field): void {
  try {
    const { type } = checkCel(expression, deviceEnvironment)
    if (type.kind !== 'bool' && type.kind !== 'dyn')
      field.invalid(expression, `must evaluate to bool or the unknown type, not ${type.kind}`)
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error
    field.invalid(expression, `compilation failed: ${error.message}`)
  }
}

export function validateConfiguration({ opaque }: DeviceConfiguration, field: Field): void {
  const at = field.at('opaque')
  if (!opaque) {
    at.required()
    return
  }
  validateCsiDriverName(opaque.driver, at.at('driver'))
  const { parameters } = opaque
  if (parameters === undefined || parameters === null) at.at('parameters').required()
  else if (JSON.stringify(parameters).length > longestParameters)
    at.at('parameters').tooLong(longestParameters)
  else if (!isJsonObject(parameters))
    at.at('parameters').invalid('<value omitted>', 'must be a valid JSON object')
}

export function validateToleration(toleration: DeviceToleration, field: Field): void {
  const { key, operator, value = '', effect } = toleration
  if (key) field.at('key').check(key, isQualifiedName(key))
  if (operator === 'Exists') {
    if (value) field.at('value').invalid(value, 'must be empty for operator `Exists`')
  } else if (operator === 'Equal') {
    field.at('value').check(value, isLabelValue(value))
  } else {
    oneOf(operator, ['Equal', 'Exists'], field.at('operator'))
  }
  oneOfIfSet(effect || undefined, taintEffects, field.at('effect'))
}

export function validateTaint({ key = '', value, effect }: DeviceTaint, field: Field): void {
  field.at('key').check(key, isQualifiedName(key))
  if (value) field.at('value').check(value, isLabelValue(value))
  oneOf(effect, taintEffects, field.at('effect'))
}

/** `name`, or `domain/name`. */
export function validateDeviceName(name: string, field: Field): void {
  const [first = '', second, ...more] = name.split('/')
  if (more.length > 0) return
  if (second === undefined) {
    field.check(first, isCIdentifier(first))
    return
  }
  if (first) validateCsiDriverName(first, field)
  else field.invalid('', 'the domain must not be empty')
  if (second) field.check(second, isCIdentifier(second))
  else field.invalid('', 'the name must not be empty')
}

export function validatePoolName(name: string | undefined, field: Field): void {
  if (!name) {
    field.required()
    return
  }
  if (name.length > longestPoolName) field.tooLong(longestPoolName)
  for (const part of name.split('/')) field.check(part, isDns1123Subdomain(part))
}

const attributeKinds = ['bool', 'int', 'string', 'version', 'bools', 'ints', 'strings', 'versions'] as const

export function validateAttribute(attribute: DeviceAttribute, field: Field): void {
  const { string: text, version, strings = [], versions = [] } = attribute
  const given = attributeKinds.filter((kind) => attribute[kind] !== undefined)
  if (text !== undefined) validateText(text, field.at('string'))
  if (version !== undefined) validateVersion(version, field.at('version'))
  for (const kind of given) {
    const values = attribute[kind]
    if (Array.isArray(values) && values.length === 0)
      field.at(kind).invalid(values, 'must not be empty if specified')
  }
  for (const [index, each] of strings.entries()) validateText(each, field.at('strings').index(index))
  for (const [index, each] of versions.entries()) validateVersion(each, field.at('versions').index(index))
  if (given.length !== 1)
    field.invalid(given.length === 0 ? '' : attribute, 'exactly one value must be specified')
}

function validateText(text: string, field: Field): void {
  if (text.length > longestValue) field.tooLong(longestValue)
}

function validateVersion(text: string, field: Field): void {
  if (!semver.test(text)) field.invalid(text, 'must be a string compatible with semver.org spec 2.0.0')
  validateText(text, field)
}
