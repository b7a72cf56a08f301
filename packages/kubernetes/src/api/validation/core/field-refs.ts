import { canonicalQuantity, quantityMilliValue } from '../../quantity.ts'
import type { ObjectFieldSelector, ResourceFieldSelector } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isQualifiedName } from '../formats.ts'

export const envFieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

export const volumeFieldPaths = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]

/** What the downward API knows of at all. */
const knownFieldPaths = new Set([
  ...envFieldPaths,
  ...volumeFieldPaths,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
  'spec.host',
])

export function validateFieldRef(
  { apiVersion, fieldPath }: ObjectFieldSelector,
  supported: readonly string[],
  field: Field,
): void {
  if (!apiVersion) {
    field.at('apiVersion').required()
    return
  }
  const at = field.at('fieldPath')
  if (!fieldPath) {
    at.required()
    return
  }
  const fail = (why: string): void => at.invalid(fieldPath, `error converting fieldPath: ${why}`)
  if (apiVersion !== 'v1') {
    fail(`unsupported pod version: ${apiVersion}`)
    return
  }
  const subscript = /^(.+?)\['(.*)'\]$/s.exec(fieldPath)
  if (subscript) {
    const [, path, key = ''] = subscript
    if (path === 'metadata.annotations') field.check(key.toLowerCase(), isQualifiedName(key.toLowerCase()))
    else if (path === 'metadata.labels') field.check(key, isQualifiedName(key))
    else fail(`field label does not support subscript: ${fieldPath}`)
  } else if (!knownFieldPaths.has(fieldPath)) fail(`field label not supported: ${fieldPath}`)
  else {
    const path = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath
    if (!supported.includes(path)) at.notSupported(path, supported)
  }
}

const resourcePaths = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]

const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

export function validateResourceFieldRef(
  { containerName, resource, divisor }: ResourceFieldSelector,
  inVolume: boolean,
  field: Field,
): void {
  const isHugePages = /^(requests|limits)\.hugepages-/.test(resource ?? '')
  if (inVolume && !containerName) field.at('containerName').required()
  else if (!resource) field.at('resource').required()
  else if (!resourcePaths.includes(resource) && !isHugePages)
    field.at('resource').notSupported(resource, resourcePaths)

  if (!divisor || quantityMilliValue(divisor) === 0) return
  const kind = resource?.slice(resource.indexOf('.') + 1)
  const of: Record<string, string> = {
    memory: 'memory',
    'ephemeral-storage': 'local ephemeral storage',
  }
  const unit = canonicalQuantity(divisor) ?? divisor
  if (kind === 'cpu') {
    if (unit !== '1m' && unit !== '1')
      field
        .at('divisor')
        .invalid(resource, "only divisor's values 1m and 1 are supported with the cpu resource")
    return
  }
  const name = isHugePages ? 'hugepages' : of[kind ?? '']
  if (name && !byteDivisors.includes(unit))
    field
      .at('divisor')
      .invalid(
        resource,
        `only divisor's values ${byteDivisors.join(', ')} are supported with the ${name} resource`,
      )
}
