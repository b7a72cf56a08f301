import { deepEqual } from '../../json.ts'
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimStatus,
  ResourceClaimTemplate,
} from '../../types/resource-v1.ts'
import { validateNodeSelector } from '../core/affinity.ts'
import { validateCsiDriverName } from '../core/csi-driver-name.ts'
import type { Field } from '../field.ts'
import { isDns1123Label, isDns1123Subdomain } from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import { validateLabels } from '../labels.ts'
import { validateAnnotations } from '../object-meta.ts'
import { named, oneOf, Unique } from '../rules.ts'
import type { Validator } from '../validator.ts'
import {
  bounded,
  validateConfiguration,
  validateDeviceName,
  validatePoolName,
  validateSelectors,
  validateToleration,
} from './devices.ts'

const mostRequests = 32
const mostConstraints = 32
const mostConfigurations = 32
const mostAlternatives = 8
const mostUsers = 256
const badRequestName =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

/** Names of requests, and of their alternatives behind a slash. */
function requestNames({ requests = [] }: DeviceClaim): Set<string> {
  return new Set(
    requests.flatMap(({ name, firstAvailable = [] }) => [
      name,
      ...firstAvailable.map((each) => `${name}/${each.name}`),
    ]),
  )
}

function validateRequestName(name: string | undefined, field: Field): void {
  field.check(name ?? '', isDns1123Label(name ?? ''))
}

function validateRequest(request: DeviceRequest, field: Field): void {
  validateRequestName(request.name, field.at('name'))
  const { exactly, firstAvailable = [] } = request
  const either = 'exactly one of `exactly` or `firstAvailable` is required'
  if (exactly && firstAvailable.length > 0) field.invalid(undefined, `${either}, but multiple fields are set`)
  else if (exactly) validateDevices(exactly, field.at('exactly'))
  else if (firstAvailable.length === 0) field.required(either)
  else {
    const names = new Unique()
    for (const [each, at] of bounded(firstAvailable, mostAlternatives, field.at('firstAvailable'))) {
      validateRequestName(each.name, at.at('name'))
      validateDevices(each, at)
      names.add(each.name, at)
    }
  }
}

function validateDevices(request: ExactDeviceRequest | DeviceSubRequest, field: Field): void {
  named(request.deviceClassName, isDns1123Subdomain, field.at('deviceClassName'))
  validateSelectors(request.selectors, field.at('selectors'))
  const { allocationMode: mode = '', count = 0, tolerations = [] } = request
  if (mode === 'All') {
    if (count !== 0) field.at('count').invalid(count, "must not be specified when allocationMode is 'All'")
  } else if (mode !== 'ExactCount') {
    field.at('allocationMode').notSupported(mode, ['All', 'ExactCount'])
  } else if (count <= 0) {
    field.at('count').invalid(count, 'must be greater than zero')
  }
  for (const [index, toleration] of tolerations.entries())
    validateToleration(toleration, field.at('tolerations').index(index))
}

function validateRequestNames(names: string[] | undefined, known: ReadonlySet<string>, field: Field): void {
  const seen = new Unique()
  for (const [name, at] of bounded(names, mostRequests, field)) {
    if (name.split('/').length > 2) {
      at.invalid(name, badRequestName)
      continue
    }
    for (const part of name.split('/')) validateRequestName(part, at)
    if (!known.has(name)) at.invalid(name, badRequestName)
    seen.add(name, at)
  }
}

function validateConstraint(constraint: DeviceConstraint, known: ReadonlySet<string>, field: Field): void {
  validateRequestNames(constraint.requests, known, field.at('requests'))
  const name = constraint.matchAttribute !== undefined ? 'matchAttribute' : 'distinctAttribute'
  const attribute = constraint[name]
  if (attribute === undefined) {
    field.required(
      'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
    )
    return
  }
  validateDeviceName(attribute, field.at(name))
  if (!attribute.includes('/')) {
    field
      .at(name)
      .invalid(attribute, 'a fully qualified name must be a domain and a name separated by a slash')
  }
}

function validateSpec({ devices = {} }: ResourceClaimSpec, field: Field): void {
  const at = field.at('devices')
  const known = requestNames(devices)
  const names = new Unique()
  for (const [request, here] of bounded(devices.requests, mostRequests, at.at('requests'))) {
    validateRequest(request, here)
    names.add(request.name, here)
  }
  for (const [constraint, here] of bounded(devices.constraints, mostConstraints, at.at('constraints')))
    validateConstraint(constraint, known, here)
  for (const [config, here] of bounded(devices.config, mostConfigurations, at.at('config'))) {
    validateRequestNames(config.requests, known, here.at('requests'))
    validateConfiguration(config, here)
  }
}

function validateAllocation(allocation: AllocationResult, known: ReadonlySet<string>, field: Field): void {
  const { results, config } = allocation.devices ?? {}
  const at = field.at('devices')
  for (const [result, here] of bounded(results, mostRequests, at.at('results'))) {
    if (!known.has(result.request)) here.at('request').invalid(result.request, badRequestName)
    validateCsiDriverName(result.driver, here.at('driver'))
    validatePoolName(result.pool, here.at('pool'))
    here.at('device').check(result.device, isDns1123Label(result.device))
  }
  for (const [each, here] of bounded(config, 2 * mostConfigurations, at.at('config')))
    validateAllocationConfig(each, known, here)
  if (allocation.nodeSelector) validateNodeSelector(allocation.nodeSelector, field.at('nodeSelector'))
}

function validateAllocationConfig(
  config: DeviceAllocationConfiguration,
  known: ReadonlySet<string>,
  field: Field,
): void {
  oneOf(config.source, ['FromClaim', 'FromClass'], field.at('source'))
  validateRequestNames(config.requests, known, field.at('requests'))
  validateConfiguration(config, field)
}

function validateStatus(claim: ResourceClaim, old: ResourceClaimStatus = {}, field: Field): void {
  const status: ResourceClaimStatus = claim.status ?? {}
  const { reservedFor = [], allocation } = status
  const users = new Unique()
  const at = field.at('reservedFor')
  for (const [{ resource, name, uid }, here] of bounded(reservedFor, mostUsers, at)) {
    if (!resource) here.at('resource').required()
    if (!name) here.at('name').required()
    if (!uid) here.at('uid').required()
    users.add(uid, here)
  }
  if (reservedFor.length > 0) {
    const before = old.reservedFor ?? []
    if (!allocation) at.forbidden('may not be specified when `allocated` is not set')
    else if (
      claim.metadata.deletionTimestamp &&
      reservedFor.some((user) => !before.some((each) => deepEqual(each, user)))
    ) {
      at.forbidden(
        'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
      )
    }
  }
  if (!allocation) return
  if (old.allocation) validateImmutable(allocation, old.allocation, field.at('allocation'))
  else validateAllocation(allocation, requestNames(claim.spec?.devices ?? {}), field.at('allocation'))
}

export const resourceClaims: Validator<ResourceClaim> = {
  create: ({ spec }, field) => validateSpec(spec ?? {}, field.at('spec')),
  update(next, old, subresource, field) {
    if (subresource === 'status') validateStatus(next, old.status, field.at('status'))
    else validateImmutable(next.spec, old.spec, field.at('spec'))
  },
}

export const resourceClaimTemplates: Validator<ResourceClaimTemplate> = {
  create({ spec }, field) {
    const at = field.at('spec', 'metadata')
    validateAnnotations(spec?.metadata?.annotations, at.at('annotations'))
    validateLabels(spec?.metadata?.labels, at.at('labels'))
    validateSpec(spec?.spec ?? {}, field.at('spec', 'spec'))
  },
  update: (next, old, _subresource, field) => validateImmutable(next.spec, old.spec, field.at('spec')),
}
