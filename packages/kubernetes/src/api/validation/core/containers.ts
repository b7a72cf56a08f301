import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  PodSpec,
  VolumeDevice,
  VolumeMount,
} from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Label, isPortName, isPortNumber } from '../formats.ts'
import { named, oneOf, oneOfIfSet, Unique } from '../rules.ts'
import { validateEnv, validateEnvFrom } from './env.ts'
import { validateDescendingPath } from './paths.ts'
import { validateLifecycle, validateProbe } from './probes.ts'
import { validateResourceRequirements } from './resources.ts'
import { validateSecurityContext } from './security-context.ts'
import type { KnownVolumes } from './volumes.ts'

/** What containers may refer to, and what their pod says of all of them. */
export interface ContainerContext {
  spec: PodSpec
  volumes: KnownVolumes
  claims: ReadonlySet<string>
}

export function validateContainers(context: ContainerContext, field: Field): void {
  const { containers = [], os, terminationGracePeriodSeconds: grace } = context.spec
  if (containers.length === 0) field.required()
  const names = new Unique()
  for (const [index, container] of containers.entries()) {
    const here = field.index(index)
    validateCommon(container, context, here)
    names.add(container.name, here.at('name'))
    validateLifecycle(container.lifecycle, grace, os, here.at('lifecycle'))
    validateProbes(container, here)
    validateRestartPolicy(container, here)
  }
  validateHostPorts(containers, field)
}

export function validateInitContainers(context: ContainerContext, field: Field): void {
  const { initContainers = [], containers = [], os, terminationGracePeriodSeconds: grace } = context.spec
  const names = new Set(containers.map((container) => container.name))
  for (const [index, container] of initContainers.entries()) {
    const here = field.index(index)
    validateCommon(container, context, here)
    validateRestartPolicy(container, here)
    if (names.has(container.name)) here.at('name').duplicate(container.name)
    names.add(container.name)
    validateHostPorts([container], field)
    if (container.restartPolicy === 'Always') {
      validateLifecycle(container.lifecycle, grace, os, here.at('lifecycle'))
      validateProbes(container, here)
      continue
    }
    for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
      if (container[name])
        here.at(name).forbidden('may not be set for init containers without restartPolicy=Always')
    for (const [i, policy] of (container.resizePolicy ?? []).entries())
      if (policy.restartPolicy === 'RestartContainer')
        here
          .at('resizePolicy')
          .index(i)
          .at('restartPolicy')
          .invalid(
            policy.restartPolicy,
            "must not be set to 'RestartContainer' for non-sidecar initContainers",
          )
  }
}

const ephemeralFields = new Set([
  'name',
  'targetContainerName',
  'image',
  'command',
  'args',
  'workingDir',
  'envFrom',
  'env',
  'volumeMounts',
  'volumeDevices',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'imagePullPolicy',
  'securityContext',
  'stdin',
  'stdinOnce',
  'tty',
])

export function validateEphemeralContainers(context: ContainerContext, field: Field): void {
  const { ephemeralContainers = [], containers = [], initContainers = [] } = context.spec
  const others = new Set([...containers, ...initContainers].map((container) => container.name))
  const names = new Set(others)
  for (const [index, container] of ephemeralContainers.entries()) {
    const here = field.index(index)
    validateCommon(container as Container, context, here)
    validateImageSpelling(container.image, here)
    if (names.has(container.name)) here.at('name').duplicate(container.name)
    names.add(container.name)
    const target = container.targetContainerName
    if (target && !others.has(target)) here.at('targetContainerName').notFound(target)
    forbidFields(container, here)
  }
}

function forbidFields(container: EphemeralContainer, field: Field): void {
  const detail = 'cannot be set for an Ephemeral Container'
  for (const [name, value] of Object.entries(container)) {
    const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0
    if (!ephemeralFields.has(name) && value !== undefined && !isEmpty) field.at(name).forbidden(detail)
  }
  for (const [index, mount] of (container.volumeMounts ?? []).entries())
    for (const name of ['subPath', 'subPathExpr'] as const)
      if (mount[name]) field.at('volumeMounts').index(index).at(name).forbidden(detail)
}

/** Only pods are strict here: templates may still be filled in by somebody. */
export function validateImageSpelling(image: string | undefined, field: Field): void {
  if (image && image.trim() !== image)
    field.at('image').invalid(image, 'must not have leading or trailing whitespace')
}

function validateProbes(container: Container, field: Field): void {
  validateProbe(container.livenessProbe, 'liveness', field.at('livenessProbe'))
  validateProbe(container.readinessProbe, 'readiness', field.at('readinessProbe'))
  validateProbe(container.startupProbe, 'startup', field.at('startupProbe'))
}

function validateCommon(
  container: Container,
  { spec, volumes, claims }: ContainerContext,
  field: Field,
): void {
  named(container.name, isDns1123Label, field.at('name'))
  if (!container.image) field.at('image').required()
  oneOf(
    container.terminationMessagePolicy,
    ['File', 'FallbackToLogsOnError'],
    field.at('terminationMessagePolicy'),
  )
  validatePorts(container.ports ?? [], field.at('ports'))
  validateEnv(container.env ?? [], field.at('env'))
  validateEnvFrom(container.envFrom ?? [], field.at('envFrom'))
  validateMounts(container, volumes, field.at('volumeMounts'))
  validateDevices(container, volumes, field.at('volumeDevices'))
  oneOf(container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], field.at('imagePullPolicy'))
  validateResourceRequirements(container.resources ?? {}, claims, field.at('resources'))
  validateResizePolicy(container, spec.restartPolicy, field.at('resizePolicy'))
  validateSecurityContext(container.securityContext, spec.hostUsers !== false, field.at('securityContext'))
}

const protocols = ['SCTP', 'TCP', 'UDP']

function validatePorts(ports: ContainerPort[], field: Field): void {
  const names = new Set<string>()
  for (const [index, { name, containerPort, hostPort, protocol }] of ports.entries()) {
    const here = field.index(index)
    if (name) {
      const messages = isPortName(name)
      here.at('name').check(name, messages)
      if (messages.length === 0) {
        if (names.has(name)) here.at('name').duplicate(name)
        names.add(name)
      }
    }
    if (!containerPort) here.at('containerPort').required()
    else here.at('containerPort').check(containerPort, isPortNumber(containerPort))
    if (hostPort) here.at('hostPort').check(hostPort, isPortNumber(hostPort))
    oneOf(protocol, protocols, here.at('protocol'))
  }
}

function validateHostPorts(containers: Container[], field: Field): void {
  const taken = new Unique()
  for (const [index, { ports = [] }] of containers.entries())
    for (const [i, { protocol = '', hostIP = '', hostPort }] of ports.entries())
      if (hostPort)
        taken.add(`${protocol}/${hostIP}/${hostPort}`, field.index(index).at('ports').index(i).at('hostPort'))
}

function validateMounts(
  { volumeMounts = [], volumeDevices = [], securityContext }: Container,
  volumes: KnownVolumes,
  field: Field,
): void {
  const paths = new Set<string>()
  for (const [index, mount] of volumeMounts.entries()) {
    const here = field.index(index)
    const { name, mountPath = '', subPath, subPathExpr, mountPropagation } = mount
    if (!name) here.at('name').required()
    if (!volumes.has(name)) here.at('name').notFound(name ?? '')
    if (!mountPath) here.at('mountPath').required()
    if (paths.has(mountPath)) here.at('mountPath').invalid(mountPath, 'must be unique')
    paths.add(mountPath)
    if (volumeDevices.some((device) => device.name === name))
      here.at('name').invalid(name, 'must not already exist in volumeDevices')
    if (volumeDevices.some((device) => device.devicePath === mountPath))
      here.at('mountPath').invalid(mountPath, 'must not already exist as a path in volumeDevices')
    if (subPath) validateDescendingPath(subPath, field.at('subPath'))
    if (subPathExpr) {
      if (subPath)
        here.at('subPathExpr').invalid(subPathExpr, 'subPathExpr and subPath are mutually exclusive')
      validateDescendingPath(subPathExpr, field.at('subPathExpr'))
    }
    oneOfIfSet(mountPropagation, ['Bidirectional', 'HostToContainer', 'None'], field.at('mountPropagation'))
    if (mountPropagation === 'Bidirectional' && !securityContext?.privileged)
      field
        .at('mountPropagation')
        .forbidden('Bidirectional mount propagation is available only to privileged containers')
    validateRecursiveReadOnly(mount, field.at('recursiveReadOnly'))
  }
}

function validateRecursiveReadOnly(mount: VolumeMount, field: Field): void {
  const { recursiveReadOnly, readOnly, mountPropagation } = mount
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') {
    field.notSupported(recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'])
    return
  }
  if (!readOnly) field.forbidden('may only be specified when readOnly is true')
  if (mountPropagation !== undefined && mountPropagation !== 'None')
    field.forbidden('may only be specified when mountPropagation is None or not specified')
}

function validateDevices(
  { volumeMounts = [], volumeDevices = [] }: Container,
  volumes: KnownVolumes,
  field: Field,
): void {
  const paths = new Set<string>()
  const names = new Set<string>()
  for (const [index, { name, devicePath = '' }] of (volumeDevices as VolumeDevice[]).entries()) {
    const here = field.index(index)
    const volume = volumes.get(name)
    if (!name) here.at('name').required()
    if (names.has(name)) here.at('name').invalid(name, 'must be unique')
    if (!volume) here.at('name').notFound(name ?? '')
    else if (!volume.persistentVolumeClaim && !volume.ephemeral)
      here
        .at('name')
        .invalid(name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode')
    if (!devicePath) here.at('devicePath').required()
    if (paths.has(devicePath)) here.at('devicePath').invalid(devicePath, 'must be unique')
    if (devicePath.split('/').includes('..'))
      here.at('devicePath').invalid(devicePath, "can not contain backsteps ('..')")
    else paths.add(devicePath)
    if (volumeMounts.some((mount) => mount.name === name))
      here.at('name').invalid(name, 'must not already exist in volumeMounts')
    if (volumeMounts.some((mount) => mount.mountPath === devicePath))
      here.at('devicePath').invalid(devicePath, 'must not already exist as a path in volumeMounts')
    if (name) names.add(name)
  }
}

function validateResizePolicy(
  { resizePolicy = [] }: Container,
  podRestartPolicy: string | undefined,
  field: Field,
): void {
  const seen = new Set<string>()
  for (const [index, { resourceName, restartPolicy }] of resizePolicy.entries()) {
    if (seen.has(resourceName)) field.index(index).duplicate(resourceName)
    seen.add(resourceName)
    oneOf(resourceName, ['cpu', 'memory'], field)
    oneOf(restartPolicy, ['NotRequired', 'RestartContainer'], field)
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired')
      field.invalid(restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'")
  }
}

function validateRestartPolicy({ restartPolicy, restartPolicyRules = [] }: Container, field: Field): void {
  const policies = ['Always', 'Never', 'OnFailure']
  if (restartPolicy === undefined) {
    if (restartPolicyRules.length === 0) return
    field.at('restartPolicy').required('must specify restartPolicy when restart rules are used')
  } else oneOfIfSet(restartPolicy, policies, field.at('restartPolicy'))
  const rules = field.at('restartPolicyRules')
  if (restartPolicyRules.length > 20) rules.tooMany(restartPolicyRules.length, 20)
  for (const [index, { action, exitCodes }] of restartPolicyRules.entries()) {
    const here = rules.index(index)
    oneOfIfSet(action ?? '', ['Restart', 'RestartAllContainers'], here.at('action'))
    if (!exitCodes) {
      here.at('exitCodes').required('must be specified')
      continue
    }
    oneOfIfSet(exitCodes.operator ?? '', ['In', 'NotIn'], here.at('exitCodes', 'operator'))
    const count = exitCodes.values?.length ?? 0
    if (count > 255) here.at('exitCodes', 'values').tooMany(count, 255)
  }
}
