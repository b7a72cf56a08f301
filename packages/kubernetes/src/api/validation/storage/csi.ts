import { deepEqual } from '../../json.ts'
import type {
  CSIDriver,
  CSIDriverSpec,
  CSINode,
  CSINodeDriver,
  CSIStorageCapacity,
  TokenRequest,
} from '../../types/storage-v1.ts'
import { validateCsiDriverName } from '../core/csi-driver-name.ts'
import { validateNonNegativeQuantity } from '../core/resources.ts'
import type { Field } from '../field.ts'
import { isDns1123Subdomain, isQualifiedName } from '../formats.ts'
import { fieldIsImmutable, validateImmutable } from '../immutable.ts'
import { hasInvalidLabelValue, validateLabelSelector } from '../labels.ts'
import { nonNegative, oneOfIfSet, required, Unique } from '../rules.ts'
import type { Validator } from '../validator.ts'

const longestNodeId = 256
const leastUpdatePeriod = 10

function validateTokenRequests(requests: TokenRequest[], field: Field): void {
  const audiences = new Unique()
  for (const [index, { audience = '', expirationSeconds: seconds }] of requests.entries()) {
    const at = field.index(index)
    if (!audiences.add(audience, at.at('audience')) || seconds === undefined) continue
    const expiration = at.at('expirationSeconds')
    if (seconds < 600) expiration.invalid(seconds, 'may not specify a duration less than 10 minutes')
    if (seconds > 2 ** 32) expiration.invalid(seconds, 'may not specify a duration larger than 2^32 seconds')
  }
}

function validateDriverSpec(spec: CSIDriverSpec = {}, field: Field): void {
  required(spec.attachRequired, field.at('attachedRequired'))
  required(spec.podInfoOnMount, field.at('podInfoOnMount'))
  required(spec.storageCapacity, field.at('storageCapacity'))
  oneOfIfSet(spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType'], field.at('fsGroupPolicy'))
  const { tokenRequests = [], nodeAllocatableUpdatePeriodSeconds: period } = spec
  validateTokenRequests(tokenRequests, field.at('tokenRequests'))
  for (const mode of spec.volumeLifecycleModes ?? [])
    oneOfIfSet(mode, ['Persistent', 'Ephemeral'], field.at('volumeLifecycleModes'))
  required(spec.seLinuxMount, field.at('seLinuxMount'))
  if (period !== undefined && period < leastUpdatePeriod) {
    field
      .at('nodeAllocatableUpdatePeriodSeconds')
      .invalid(period, 'must be greater than or equal to 10 seconds')
  }
  if (spec.serviceAccountTokenInSecrets !== undefined && tokenRequests.length === 0) {
    field
      .at('serviceAccountTokenInSecrets')
      .invalid(
        spec.serviceAccountTokenInSecrets,
        'serviceAccountTokenInSecrets is set but no tokenRequests are specified',
      )
  }
}

export const csiDrivers: Validator<CSIDriver> = {
  create: ({ spec }, field) => validateDriverSpec(spec, field.at('spec')),
  update(next, old, _subresource, field) {
    const at = field.at('spec')
    validateDriverSpec(next.spec, at)
    validateImmutable(next.spec?.attachRequired, old.spec?.attachRequired, at.at('attachedRequired'))
    validateImmutable(
      next.spec?.volumeLifecycleModes,
      old.spec?.volumeLifecycleModes,
      at.at('volumeLifecycleModes'),
    )
  },
}

function validateNodeDriver(driver: CSINodeDriver, names: Unique, field: Field): void {
  const { name = '', nodeID = '', allocatable, topologyKeys = [] } = driver
  validateCsiDriverName(name, field.at('name'))
  const at = field.at('nodeID')
  if (!nodeID) at.required()
  if (nodeID.length > longestNodeId) at.invalid(nodeID, `must be ${longestNodeId} characters or less`)
  nonNegative(allocatable?.count, field.at('allocatable', 'count'))
  names.add(name, field.at('name'))
  const keys = new Unique()
  for (const key of topologyKeys) {
    if (!key) field.required()
    keys.add(key, field)
    field.check(key, isQualifiedName(key))
  }
}

function validateNode({ spec }: CSINode, field: Field): void {
  const names = new Unique()
  for (const [index, driver] of (spec?.drivers ?? []).entries())
    validateNodeDriver(driver, names, field.at('spec', 'drivers').index(index))
}

/** Drivers may report how much they can take, and nothing else, anew. */
function fixedPart({ allocatable: _, ...driver }: CSINodeDriver): Partial<CSINodeDriver> {
  return driver
}

export const csiNodes: Validator<CSINode> = {
  create: validateNode,
  update(next, old, _subresource, field) {
    validateNode(next, field)
    for (const before of old.spec?.drivers ?? []) {
      for (const now of (next.spec?.drivers ?? []).filter(({ name }) => name === before.name))
        validateImmutable(fixedPart(now), fixedPart(before), field.at('spec', 'drivers'))
    }
  },
}

export const csiStorageCapacities: Validator<CSIStorageCapacity> = {
  create: (object, field) => validateCapacity(object, field),
  update(next, old, _subresource, field) {
    for (const name of ['nodeTopology', 'storageClassName'] as const)
      if (!deepEqual(next[name], old[name])) field.at(name).invalid(next[name], fieldIsImmutable)
    validateCapacity(next, field, old)
  },
}

function validateCapacity(object: CSIStorageCapacity, field: Field, old?: CSIStorageCapacity): void {
  const { nodeTopology, storageClassName = '', capacity } = object
  const options = { allowInvalidValues: hasInvalidLabelValue(old?.nodeTopology) }
  validateLabelSelector(nodeTopology, field.at('nodeTopology'), options)
  field.at('storageClassName').check(storageClassName, isDns1123Subdomain(storageClassName))
  if (capacity !== undefined) validateNonNegativeQuantity(capacity, field.at('capacity'))
}
