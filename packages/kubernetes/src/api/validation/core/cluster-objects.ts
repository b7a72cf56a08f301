import { parseCidr } from '../../ip.ts'
import { deepEqual } from '../../json.ts'
import type {
  ConfigMap,
  Endpoints,
  LimitRange,
  LimitRangeItem,
  Namespace,
  Node,
  PodTemplate,
  Secret,
  Taint,
} from '../../types/core-v1.ts'
import { Field } from '../field.ts'
import {
  isConfigMapKey,
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isPortNumber,
  isQualifiedName,
} from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import { oneOf, validateCidr, validateIp } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { validateTaintEffect } from './affinity.ts'
import { validateEndpointIp } from './endpoint-ip.ts'
import { validatePodTemplate } from './pod-spec.ts'
import {
  compareText,
  isOvercommitAllowed,
  quantityOf,
  validateContainerResourceName,
  validateResourceName,
  validateResourceQuantity,
} from './resources.ts'

const mostBytes = 1024 * 1024
const immutableWhenSet = 'field is immutable when `immutable` is set'

function bytesOf(base64: string): number {
  return Buffer.byteLength(base64, 'base64')
}

function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap, field: Field): void {
  let size = 0
  for (const [key, value] of Object.entries(data)) {
    const at = field.at('data').key(key)
    at.check(key, isConfigMapKey(key))
    if (binaryData[key] !== undefined) at.invalid(key, 'duplicate of key present in binaryData')
    size += Buffer.byteLength(value)
  }
  for (const [key, value] of Object.entries(binaryData)) {
    field.at('binaryData').key(key).check(key, isConfigMapKey(key))
    size += bytesOf(value)
  }
  if (size > mostBytes) new Field(field.causes, '').tooLong(mostBytes)
}

function validateFrozen<T extends { immutable?: boolean }>(
  next: T,
  old: T,
  parts: (keyof T & string)[],
  field: Field,
): void {
  if (!old.immutable) return
  if (!next.immutable) field.at('immutable').forbidden(immutableWhenSet)
  for (const part of parts)
    if (!deepEqual(next[part] ?? {}, old[part] ?? {})) field.at(part).forbidden(immutableWhenSet)
}

export const configMaps: Validator<ConfigMap> = {
  create: validateConfigMap,
  update(next, old, _, field) {
    validateFrozen(next, old, ['data', 'binaryData'], field)
    validateConfigMap(next, field)
  },
}

/** Keys that a type of secret needs. */
const secretKeys: Record<string, string[]> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}

function validateSecret({ metadata, type = 'Opaque', data = {} }: Secret, field: Field): void {
  const at = field.at('data')
  let size = 0
  for (const [key, value] of Object.entries(data)) {
    at.key(key).check(key, isConfigMapKey(key))
    size += bytesOf(value)
  }
  if (size > mostBytes) at.tooLong(mostBytes)
  for (const key of secretKeys[type] ?? [])
    if (data[key] === undefined || (type === 'kubernetes.io/ssh-auth' && !data[key])) at.key(key).required()
  const dockerKey = type.startsWith('kubernetes.io/docker') ? secretKeys[type]?.[0] : undefined
  const config = dockerKey === undefined ? undefined : data[dockerKey]
  if (dockerKey !== undefined && config !== undefined) {
    const problem = jsonProblem(Buffer.from(config, 'base64').toString())
    if (problem) at.key(dockerKey).invalid('<secret contents redacted>', problem)
  }
  if (type === 'kubernetes.io/basic-auth' && data.username === undefined && data.password === undefined) {
    at.key('username').required()
    at.key('password').required()
  }
  const account = 'kubernetes.io/service-account.name'
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[account])
    field.at('metadata', 'annotations').key(account).required()
}

function jsonProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && !Array.isArray(value)
      ? undefined
      : `json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type map[string]interface {}`
  } catch {
    return text ? 'invalid character in JSON' : 'unexpected end of JSON input'
  }
}

export const secrets: Validator<Secret> = {
  create: validateSecret,
  update(next, old, _, field) {
    validateImmutable(next.type, old.type, field.at('type'))
    validateFrozen(next, old, ['data'], field)
    validateSecret(next, field)
  },
}

function validateFinalizer(name: string, field: Field): void {
  field.check(name, isQualifiedName(name))
  if (!name.includes('/') && !['kubernetes', 'orphan', 'foregroundDeletion'].includes(name))
    field.invalid(name, 'name is neither a standard finalizer name nor is it fully qualified')
}

export const namespaces: Validator<Namespace> = {
  create({ spec }, field) {
    for (const name of spec?.finalizers ?? []) validateFinalizer(name, field.at('spec', 'finalizers'))
  },
  update(next, _old, subresource, field) {
    if (subresource === 'finalize') {
      for (const [index, name] of (next.spec?.finalizers ?? []).entries())
        validateFinalizer(name, field.at('spec', 'finalizers').index(index))
    } else if (subresource === 'status') {
      const isEnding = next.metadata.deletionTimestamp !== undefined
      const wanted = isEnding ? 'Terminating' : 'Active'
      if (next.status?.phase !== wanted)
        field
          .at('status', 'Phase')
          .invalid(
            next.status?.phase ?? '',
            `may only be '${wanted}' if \`deletionTimestamp\` is ${isEnding ? 'not ' : ''}empty`,
          )
    }
  },
}

function validateTaints(taints: Taint[], field: Field): void {
  const seen = new Set<string>()
  for (const [index, taint] of taints.entries()) {
    const here = field.index(index)
    const { key, value = '', effect } = taint
    here.at('key').check(key, isQualifiedName(key))
    const messages = isLabelValue(value)
    if (messages.length > 0) here.at('value').invalid(value, messages.join(';'))
    validateTaintEffect(effect, here.at('effect'))
    const id = `${effect}/${key}`
    if (seen.has(id))
      here.causes.push({
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify(taint)}: taints must be unique by key and effect pair`,
        field: here.path,
      })
    seen.add(id)
  }
}

function validateNodeResources({ status }: Node, field: Field): void {
  for (const kind of ['capacity', 'allocatable'] as const)
    for (const [name, value] of Object.entries(status?.[kind] ?? {}))
      validateResourceQuantity(name, value, field.at('status', kind, name))
}

export const nodes: Validator<Node> = {
  create(node, field) {
    validateTaints(node.spec?.taints ?? [], field.at('metadata', 'taints'))
    validateNodeResources(node, field)
    const cidrs = node.spec?.podCIDRs ?? []
    const at = field.at('spec', 'podCIDRs')
    for (const [index, cidr] of cidrs.entries()) validateCidr(cidr, at.index(index))
    const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.network.family))
    if (cidrs.length > 2 || (cidrs.length === 2 && families.size < 2))
      at.invalid(cidrs, 'may specify no more than one CIDR for each IP family')
  },
  update(next, old, _, field) {
    validateNodeResources(next, field)
    const addresses = new Set<string>()
    for (const [index, address] of (next.status?.addresses ?? []).entries()) {
      const key = `${address.type}/${address.address}`
      if (addresses.has(key)) field.at('status', 'addresses').index(index).duplicate(address)
      addresses.add(key)
    }
    const before = old.spec?.podCIDRs ?? []
    if (before.length > 0 && !deepEqual(before, next.spec?.podCIDRs ?? []))
      field.at('spec', 'podCIDRs').forbidden('node updates may not change podCIDR except from "" to valid')
    if (old.spec?.providerID && old.spec.providerID !== next.spec?.providerID)
      field
        .at('spec', 'providerID')
        .forbidden('node updates may not change providerID except from "" to valid')
    validateTaints(next.spec?.taints ?? [], field.at('metadata', 'taints'))
    if ((next.spec?.externalID ?? '') !== (old.spec?.externalID ?? ''))
      field.at('spec', 'externalID').forbidden('may not be updated')
  },
}

type EndpointAddresses = NonNullable<NonNullable<Endpoints['subsets']>[number]['addresses']>

function validateEndpoints({ subsets = [] }: Endpoints, field: Field): void {
  for (const [index, subset] of subsets.entries()) {
    const here = field.at('subsets').index(index)
    const ports = subset.ports ?? []
    if (!subset.addresses?.length && !subset.notReadyAddresses?.length)
      here.required('must specify `addresses` or `notReadyAddresses`')
    for (const kind of ['addresses', 'notReadyAddresses'] as const)
      validateAddresses(subset[kind] ?? [], here.at(kind))
    for (const [i, { name, port, protocol, appProtocol }] of ports.entries()) {
      const at = here.at('ports').index(i)
      if (name) at.at('name').check(name, isDns1123Label(name))
      else if (ports.length > 1) at.at('name').required()
      at.at('port').check(port, isPortNumber(port))
      oneOf(protocol, ['SCTP', 'TCP', 'UDP'], at.at('protocol'))
      if (appProtocol !== undefined) at.at('appProtocol').check(appProtocol, isQualifiedName(appProtocol))
    }
  }
}

function validateAddresses(addresses: EndpointAddresses, field: Field): void {
  for (const [index, { ip, hostname, nodeName }] of addresses.entries()) {
    const here = field.index(index)
    validateIp(ip, here.at('ip'))
    if (hostname) here.at('hostname').check(hostname, isDns1123Label(hostname))
    if (nodeName !== undefined) here.at('nodeName').check(nodeName, isDns1123Subdomain(nodeName))
    validateEndpointIp(ip, here.at('ip'))
  }
}

export const endpoints: Validator<Endpoints> = {
  create: validateEndpoints,
  update(next, old, _, field) {
    if (!deepEqual(next.subsets, old.subsets)) validateEndpoints(next, field)
  },
}

export const podTemplates: Validator<PodTemplate> = {
  create: ({ template }, field) => validatePodTemplate(template, field.at('template')),
  update: (next, old, _, field) => validatePodTemplate(next.template, field.at('template'), old.template),
}

function validateLimitRange({ spec }: LimitRange, field: Field): void {
  const types = new Set<string>()
  for (const [index, limit] of (spec?.limits ?? []).entries()) {
    const here = field.at('spec', 'limits').index(index)
    const { type } = limit
    const messages = isQualifiedName(type)
    here.at('type').check(type, messages)
    if (
      messages.length === 0 &&
      !type.includes('/') &&
      !['Pod', 'Container', 'PersistentVolumeClaim'].includes(type)
    )
      here.at('type').invalid(type, 'must be a standard limit type or fully qualified')
    if (types.has(type)) here.at('type').duplicate(type)
    types.add(type)
    validateLimitItem(limit, here)
  }
}

function validateLimitItem(limit: LimitRangeItem, field: Field): void {
  const { type, min = {}, max = {}, maxLimitRequestRatio: ratios = {} } = limit
  const isPod = type === 'Pod'
  const defaults = isPod ? {} : (limit.default ?? {})
  const requests = isPod ? {} : (limit.defaultRequest ?? {})
  const checkName = isPod || type === 'Container' ? validateContainerResourceName : validateResourceName
  const lists = { max, min, default: defaults, defaultRequest: requests, maxLimitRequestRatio: ratios }
  for (const [kind, list] of Object.entries(lists))
    for (const name of Object.keys(list)) checkName(name, field.at(kind).key(name))
  if (isPod)
    for (const kind of ['default', 'defaultRequest'] as const)
      if (Object.keys(limit[kind] ?? {}).length > 0)
        field.at(kind).forbidden("may not be specified when `type` is 'Pod'")
  if (type === 'PersistentVolumeClaim' && min.storage === undefined && max.storage === undefined)
    field
      .at('limits')
      .required('either minimum or maximum storage value is required, but neither was provided')

  for (const name of new Set(Object.values(lists).flatMap((list) => Object.keys(list)))) {
    const low = min[name]
    const high = max[name]
    const fallback = defaults[name]
    const request = requests[name]
    const ratio = ratios[name]
    const above = (a: string | undefined, b: string | undefined): boolean =>
      a !== undefined && b !== undefined && compareText(a, b) > 0
    const at = (kind: string): Field => field.at(kind).key(name)
    if (above(low, high)) at('min').invalid(low, `min value ${low} is greater than max value ${high}`)
    if (above(low, request))
      at('defaultRequest').invalid(
        request,
        `min value ${low} is greater than default request value ${request}`,
      )
    if (above(request, high))
      at('defaultRequest').invalid(
        request,
        `default request value ${request} is greater than max value ${high}`,
      )
    if (above(request, fallback))
      at('defaultRequest').invalid(
        request,
        `default request value ${request} is greater than default limit value ${fallback}`,
      )
    if (above(low, fallback))
      at('default').invalid(low, `min value ${low} is greater than default value ${fallback}`)
    if (above(fallback, high))
      at('default').invalid(high, `default value ${fallback} is greater than max value ${high}`)
    if (ratio !== undefined) {
      if (compareText(ratio, '1') < 0)
        at('maxLimitRequestRatio').invalid(ratio, `ratio ${ratio} is less than 1`)
      if (low !== undefined && high !== undefined) {
        const most = Number(quantityOf(high).nanos) / Number(quantityOf(low).nanos)
        if (Number(quantityOf(ratio).nanos) / 1e9 > most)
          at('maxLimitRequestRatio').invalid(
            ratio,
            `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`,
          )
      }
    }
    if (!isOvercommitAllowed(name) && fallback !== undefined && request !== undefined)
      if (compareText(fallback, request) !== 0)
        at('defaultRequest').invalid(
          request,
          `default value ${fallback} must equal to defaultRequest value ${request} in ${name}`,
        )
  }
}

export const limitRanges: Validator<LimitRange> = {
  create: validateLimitRange,
  update: (next, _old, _sub, field) => validateLimitRange(next, field),
}
