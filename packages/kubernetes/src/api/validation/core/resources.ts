import {
  compareQuantity,
  parseQuantity,
  type Quantity,
  quantityMilliValue,
  quantityValue,
} from '../../quantity.ts'
import type { ResourceClaim, ResourceRequirements } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Label, isQualifiedName } from '../formats.ts'

type ResourceList = Record<string, string>

const computeResources = ['cpu', 'memory', 'ephemeral-storage']
const counted = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]
const quotaNames = new Set([
  ...computeResources,
  ...computeResources.map((name) => `requests.${name}`),
  ...computeResources.map((name) => `limits.${name}`),
  'requests.storage',
  ...counted,
])
const standardNames = new Set([...quotaNames, 'storage'])
const integerNames = new Set(counted)

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-')
}

function isQuotaHugePages(name: string): boolean {
  return isHugePages(name) || name.startsWith('requests.hugepages-')
}

/** Of Kubernetes itself: no domain, or kubernetes.io's. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/')
}

export function isExtendedResource(name: string): boolean {
  return (
    !isNativeResource(name) &&
    !name.startsWith('requests.') &&
    isQualifiedName(`requests.${name}`).length === 0
  )
}

export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name)
}

export function isStandardQuotaResource(name: string): boolean {
  return quotaNames.has(name) || isQuotaHugePages(name)
}

function isInteger(name: string): boolean {
  return integerNames.has(name) || isExtendedResource(name)
}

/** @returns false when something was wrong (and said) */
export function validateResourceName(name: string, field: Field): boolean {
  const messages = isQualifiedName(name)
  field.check(name, messages)
  if (messages.length > 0) return false
  if (name.includes('/') || standardNames.has(name) || isQuotaHugePages(name)) return true
  field.invalid(name, 'must be a standard resource type or fully qualified')
  return false
}

export function validateContainerResourceName(name: string, field: Field): void {
  validateResourceName(name, field)
  if (!name.includes('/')) {
    if (!computeResources.includes(name) && !isHugePages(name))
      field.invalid(name, 'must be a standard resource for containers')
  } else if (!isNativeResource(name) && !isExtendedResource(name))
    field.invalid(name, "doesn't follow extended resource name standard")
}

function validatePodResourceName(name: string, field: Field): void {
  if (!validateResourceName(name, field)) return
  if (name !== 'cpu' && name !== 'memory' && !isHugePages(name)) field.notSupported(name, ['cpu', 'memory'])
}

export function validateQuotaResourceName(name: string, field: Field): void {
  validateResourceName(name, field)
  if (!name.includes('/') && !isStandardQuotaResource(name))
    field.invalid(name, 'must be a standard resource for quota')
}

const zero: Quantity = { nanos: 0n, format: 'DecimalSI' }

export function quantityOf(text: string | undefined): Quantity {
  return parseQuantity(text ?? '0') ?? zero
}

/** Not negative, and whole where pieces are counted. */
export function validateResourceQuantity(name: string, value: string, field: Field): void {
  validateNonNegativeQuantity(value, field)
  if (isInteger(name) && quantityMilliValue(value) % 1000 !== 0) field.invalid(value, 'must be an integer')
}

export function validateNonNegativeQuantity(value: string, field: Field): void {
  if (quantityOf(value).nanos < 0n) field.invalid(value, 'must be greater than or equal to 0')
}

export function validatePositiveQuantity(value: string | undefined, field: Field): void {
  if (quantityOf(value).nanos <= 0n) field.invalid(value ?? '0', 'must be greater than zero')
}

export function compareText(left: string | undefined, right: string | undefined): number {
  return compareQuantity(quantityOf(left), quantityOf(right))
}

/** Requests and limits of a container, or of a pod as a whole. `claims`: names in the pod's `resourceClaims`. */
export function validateResourceRequirements(
  { requests = {}, limits = {}, claims = [] }: ResourceRequirements,
  podClaims: ReadonlySet<string>,
  field: Field,
  ofPod = false,
): void {
  const checkName = ofPod ? validatePodResourceName : validateContainerResourceName
  const requestsField = field.at('requests')
  const limitsField = field.at('limits')
  validateList(limits, limitsField, checkName)
  for (const [name, request] of Object.entries(requests)) {
    const here = requestsField.key(name)
    checkName(name, here)
    validateResourceQuantity(name, request, here)
    const limit = limits[name]
    if (limit === undefined) {
      if (!isOvercommitAllowed(name))
        limitsField.required('Limit must be set for non overcommitable resources')
    } else {
      const order = compareText(request, limit)
      if (order !== 0 && !isOvercommitAllowed(name))
        requestsField.invalid(request, `must be equal to ${name} limit of ${limit}`)
      else if (order > 0)
        requestsField.invalid(request, `must be less than or equal to ${name} limit of ${limit}`)
    }
    validateHugePages(name, request, here)
  }
  const names = [...Object.keys(requests), ...Object.keys(limits)]
  if (names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory'))
    field.forbidden('HugePages require cpu or memory')
  validateClaims(claims, podClaims, field.at('claims'))
}

function validateList(
  list: ResourceList,
  field: Field,
  checkName: (name: string, field: Field) => void,
): void {
  for (const [name, value] of Object.entries(list)) {
    const here = field.key(name)
    checkName(name, here)
    validateResourceQuantity(name, value, here)
    validateHugePages(name, value, here)
  }
}

function validateHugePages(name: string, value: string, field: Field): void {
  if (!isHugePages(name)) return
  const size = parseQuantity(name.slice('hugepages-'.length))
  const bytes = size ? quantityValue(name.slice('hugepages-'.length)) : 0
  if (bytes <= 0 || quantityValue(value) % bytes !== 0)
    field.invalid(value, `${value} is not positive integer multiple of ${name}`)
}

function validateClaims(claims: ResourceClaim[], podClaims: ReadonlySet<string>, field: Field): void {
  const seen = new Set<string>()
  for (const [index, { name, request }] of claims.entries()) {
    const here = field.index(index)
    if (!name) {
      here.required()
      continue
    }
    const key = request ? `${name}/${request}` : name
    if (request && !seen.has(name)) here.at('request').check(request, isDns1123Label(request))
    const whole = !request && [...seen].some((other) => other.startsWith(`${name}/`))
    if (seen.has(name)) here.duplicate(name)
    else if (seen.has(key)) here.duplicate(key)
    else if (whole) here.duplicate(name)
    seen.add(key)
    if (!podClaims.has(name)) {
      const known = podClaims.size ? `: ${[...podClaims].sort().join(', ')}` : ' which is empty'
      here.causes.push({
        reason: 'FieldValueNotFound',
        message: `Not found: ${JSON.stringify(name)}: must be one of the names in pod.spec.resourceClaims${known}`,
        field: here.path,
      })
    }
  }
}
