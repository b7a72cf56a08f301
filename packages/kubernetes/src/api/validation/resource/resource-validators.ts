import type {
  Counter,
  Device,
  DeviceClass,
  ResourceSlice,
  ResourceSliceSpec,
} from '../../types/resource-v1.ts'
import { validateNodeSelector } from '../core/affinity.ts'
import { validateCsiDriverName } from '../core/csi-driver-name.ts'
import { isExtendedResource } from '../core/resources.ts'
import type { Field } from '../field.ts'
import { isDns1123Label, isDns1123Subdomain } from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import { Unique } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { resourceClaims, resourceClaimTemplates } from './claims.ts'
import {
  bounded,
  validateAttribute,
  validateConfiguration,
  validateDeviceName,
  validatePoolName,
  validateSelectors,
  validateTaint,
} from './devices.ts'

const mostConfigurations = 32
const mostDevices = 128
/** Of devices with taints, counters or lists there may be fewer. */
const mostRichDevices = 64
const mostCounterSets = 8
const mostCounters = 32
const mostConsumptions = 2
const mostTaints = 16
const mostProperties = 32

function validateClass({ spec }: DeviceClass, field: Field): void {
  const at = field.at('spec')
  const { selectors, config, extendedResourceName: resource } = spec ?? {}
  validateSelectors(selectors, at.at('selectors'))
  for (const [each, here] of bounded(config, mostConfigurations, at.at('config')))
    validateConfiguration(each, here)
  if (resource !== undefined && !isExtendedResource(resource))
    at.at('extendedResourceName').invalid(resource, 'must be a valid extended resource name')
}

const deviceClasses: Validator<DeviceClass> = {
  create: validateClass,
  update: (next, _old, _subresource, field) => validateClass(next, field),
}

/** Which nodes something is for, in exactly one of several ways. */
function validateNodes(
  where: Pick<Device, 'nodeName' | 'nodeSelector' | 'allNodes'> & { perDeviceNodeSelection?: boolean },
  [either, several]: [string, string],
  field: Field,
): void {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection: perDevice } = where
  const given: string[] = []
  if (nodeName) {
    given.push('`nodeName`')
    field.at('nodeName').check(nodeName, isDns1123Subdomain(nodeName))
  } else if (nodeName !== undefined) {
    field.at('nodeName').invalid(nodeName, 'must be either unset or set to a non-empty string')
  }
  if (nodeSelector) {
    given.push('`nodeSelector`')
    validateNodeSelector(nodeSelector, field.at('nodeSelector'))
    if (nodeSelector.nodeSelectorTerms.length !== 1) {
      field
        .at('nodeSelector', 'nodeSelectorTerms')
        .invalid(nodeSelector.nodeSelectorTerms, 'must have exactly one node selector term')
    }
  }
  for (const [name, value] of Object.entries({ allNodes, perDeviceNodeSelection: perDevice })) {
    if (value) given.push(`\`${name}\``)
    else if (value === false) field.at(name).invalid(value, 'must be either unset or set to true')
  }
  if (given.length === 0) field.required(either)
  else if (given.length > 1) field.invalid(`{${given.join(', ')}}`, several)
}

function validateCounters(counters: Record<string, Counter> | undefined, field: Field): void {
  const names = Object.keys(counters ?? {})
  if (names.length === 0) field.required()
  if (names.length > mostCounters) field.tooMany(names.length, mostCounters)
  for (const name of names) field.key(name).check(name, isDns1123Label(name))
}

function validateDevice(device: Device, perDevice: boolean, field: Field): void {
  const { name, attributes = {}, capacity = {} } = device
  field.at('name').check(name, isDns1123Label(name))
  const properties = Object.keys(attributes).length + Object.keys(capacity).length
  if (properties > mostProperties) {
    field.invalid(
      properties,
      `the total number of attributes and capacities must not exceed ${mostProperties}`,
    )
  }
  for (const [key, attribute] of Object.entries(attributes)) {
    validateDeviceName(key, field.at('attributes').key(key))
    validateAttribute(attribute, field.at('attributes').key(key))
  }
  for (const [key, { requestPolicy }] of Object.entries(capacity)) {
    const at = field.at('capacity').key(key)
    validateDeviceName(key, at)
    if (requestPolicy && !device.allowMultipleAllocations)
      at.at('requestPolicy').forbidden('allowMultipleAllocations must be true')
  }
  for (const [taint, at] of bounded(device.taints, mostTaints, field.at('taints'))) validateTaint(taint, at)
  const sets = new Unique()
  for (const [each, at] of bounded(device.consumesCounters, mostConsumptions, field.at('consumesCounters'))) {
    if (each.counterSet) at.at('counterSet').check(each.counterSet, isDns1123Label(each.counterSet))
    else at.at('counterSet').required()
    validateCounters(each.counters, at.at('counters'))
    sets.add(each.counterSet, at)
  }
  if (perDevice) {
    const either =
      'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
    validateNodes(device, [either, either], field)
  } else if (device.nodeName !== undefined || device.nodeSelector || device.allNodes !== undefined) {
    field.invalid(
      undefined,
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
    )
  }
}

function isRich({ taints = [], consumesCounters = [], attributes = {} }: Device): boolean {
  const hasLists = Object.values(attributes).some(
    ({ bools, ints, strings, versions }) => bools ?? ints ?? strings ?? versions,
  )
  return taints.length > 0 || consumesCounters.length > 0 || hasLists
}

function validateSlice(spec: ResourceSliceSpec, field: Field): void {
  validateCsiDriverName(spec.driver, field.at('driver'))
  const { name, resourceSliceCount: count = 0, generation = 0 } = spec.pool ?? {}
  const pool = field.at('pool')
  validatePoolName(name, pool.at('name'))
  if (count <= 0) pool.at('resourceSliceCount').invalid(count, 'must be greater than zero')
  if (generation < 0) pool.at('generation').invalid(generation, 'must be greater than or equal to zero')
  const either = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'
  validateNodes(spec, [either, `${either}, but multiple fields are set`], field)
  if (spec.sharedCounters && spec.devices)
    field.invalid('', 'only one of `sharedCounters` or `devices` is allowed')
  const names = new Unique()
  const most = spec.devices?.some(isRich) ? mostRichDevices : mostDevices
  for (const [device, at] of bounded(spec.devices, most, field.at('devices'))) {
    validateDevice(device, spec.perDeviceNodeSelection ?? false, at)
    names.add(device.name, at)
  }
  const sets = new Unique()
  for (const [set, at] of bounded(spec.sharedCounters, mostCounterSets, field.at('sharedCounters'))) {
    if (set.name) at.at('name').check(set.name, isDns1123Label(set.name))
    else at.at('name').required()
    validateCounters(set.counters, at.at('counters'))
    sets.add(set.name, at)
  }
}

const resourceSlices: Validator<ResourceSlice> = {
  create: ({ spec }, field) => validateSlice(spec ?? {}, field.at('spec')),
  update(next, old, _subresource, field) {
    const at = field.at('spec')
    validateSlice(next.spec, at)
    validateImmutable(next.spec.pool?.name, old.spec.pool?.name, at.at('pool', 'name'))
    validateImmutable(next.spec.driver, old.spec.driver, at.at('driver'))
    validateImmutable(next.spec.nodeName, old.spec.nodeName, at.at('nodeName'))
  },
}

export const resourceValidators = {
  'deviceclasses.resource.k8s.io': deviceClasses,
  'resourceclaims.resource.k8s.io': resourceClaims,
  'resourceclaimtemplates.resource.k8s.io': resourceClaimTemplates,
  'resourceslices.resource.k8s.io': resourceSlices,
}
