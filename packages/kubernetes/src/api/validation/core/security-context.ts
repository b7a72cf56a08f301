import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isUnixId } from '../formats.ts'
import { oneOfIfSet } from '../rules.ts'
import { validateDescendingPath } from './paths.ts'
import type { PodOptions } from './pod-options.ts'
import { validateWindowsOptions } from './windows.ts'

export function validateSecurityContext(
  context: SecurityContext | undefined,
  hostUsers: boolean,
  field: Field,
): void {
  if (!context) return
  const { runAsUser, runAsGroup, procMount } = context
  if (runAsUser !== undefined) field.at('runAsUser').check(runAsUser, isUnixId(runAsUser))
  if (runAsGroup !== undefined) field.at('runAsGroup').check(runAsGroup, isUnixId(runAsGroup))
  oneOfIfSet(procMount, ['Default', 'Unmasked'], field.at('procMount'))
  if (procMount === 'Unmasked' && hostUsers)
    field.at('procMount').invalid(procMount, '`hostUsers` must be false to use `Unmasked`')
  validateSeccomp(context.seccompProfile, field.at('seccompProfile'))
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged)
      field.invalid(context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true')
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN'))
      field.invalid(
        context,
        'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
      )
  }
  validateWindowsOptions(context.windowsOptions, field.at('windowsOptions'))
  validateAppArmor(context.appArmorProfile, field.at('appArmorProfile'))
}

export function validatePodSecurityContext(
  spec: PodSpec,
  context: PodSecurityContext | undefined,
  field: Field,
  options: PodOptions,
): void {
  if (spec.shareProcessNamespace && spec.hostPID)
    field
      .at('shareProcessNamespace')
      .invalid(true, 'ShareProcessNamespace and HostPID cannot both be enabled')
  if (!context) return
  for (const name of ['fsGroup', 'runAsUser', 'runAsGroup'] as const) {
    const id = context[name]
    if (id !== undefined) field.at(name).check(id, isUnixId(id))
  }
  for (const [index, group] of (context.supplementalGroups ?? []).entries())
    field.at('supplementalGroups').index(index).check(group, isUnixId(group))
  validateSysctls(spec, context, field.at('sysctls'))
  oneOfIfSet(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], field.at('fsGroupChangePolicy'))
  validateSeccomp(context.seccompProfile, field.at('seccompProfile'))
  validateWindowsOptions(context.windowsOptions, field.at('windowsOptions'))
  validateAppArmor(context.appArmorProfile, field.at('appArmorProfile'))
  oneOfIfSet(context.supplementalGroupsPolicy, ['Merge', 'Strict'], field.at('supplementalGroupsPolicy'))
  const policies = options.allowAnySELinuxChangePolicy ? ['MountOption', 'Recursive'] : ['Recursive']
  oneOfIfSet(context.seLinuxChangePolicy, policies, field.at('seLinuxChangePolicy'))
}

const sysctlPattern = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'
const sysctlRegex = new RegExp(sysctlPattern)

/** Kernel settings of the IPC namespace; those of the network's begin with `net.`. */
const ipcSysctls = /^(kernel\.(sem|shm|msg)|fs\.mqueue\.)/

function validateSysctls(spec: PodSpec, { sysctls = [] }: PodSecurityContext, field: Field): void {
  const seen = new Set<string>()
  for (const [index, { name }] of sysctls.entries()) {
    const at = field.index(index).at('name')
    if (!name) at.required()
    else if (name.length > 253 || !sysctlRegex.test(name))
      at.invalid(name, `must have at most 253 characters and match regex ${sysctlPattern}`)
    else if (seen.has(name)) at.duplicate(name)
    const dotted = name.replaceAll('/', '.')
    if (spec.hostNetwork && dotted.startsWith('net.'))
      at.invalid(name, "may not be specified when 'hostNetwork' is true")
    else if (spec.hostIPC && ipcSysctls.test(dotted))
      at.invalid(name, "may not be specified when 'hostIPC' is true")
    seen.add(name)
  }
}

function validateSeccomp(profile: SeccompProfile | undefined, field: Field): void {
  if (!profile) return
  const { type, localhostProfile } = profile
  if (!type) field.at('type').required('type is required when seccompProfile is set')
  else oneOfIfSet(type, ['Localhost', 'RuntimeDefault', 'Unconfined'], field.at('type'))
  const at = field.at('localhostProfile')
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined) at.invalid(profile, 'can only be set when seccomp type is Localhost')
  } else if (localhostProfile === undefined) at.required('must be set when seccomp type is Localhost')
  else validateDescendingPath(localhostProfile, at)
}

const longestProfile = 4095

export function validateAppArmor(profile: AppArmorProfile | undefined, field: Field): void {
  if (!profile) return
  const { type, localhostProfile } = profile
  const at = field.at('localhostProfile')
  switch (type) {
    case 'Localhost':
      if (!localhostProfile?.trim() && localhostProfile === localhostProfile?.trim())
        at.required('must be set when AppArmor type is Localhost')
      else if (localhostProfile !== localhostProfile?.trim())
        at.invalid(localhostProfile, 'must not be padded with whitespace')
      if ((localhostProfile?.length ?? 0) > longestProfile) at.tooLong(longestProfile)
      return
    case 'RuntimeDefault':
    case 'Unconfined':
      if (localhostProfile !== undefined)
        at.invalid(localhostProfile, 'can only be set when AppArmor type is Localhost')
      return
    default:
      if (!type) field.at('type').required('type is required when appArmorProfile is set')
      else field.at('type').notSupported(type, ['Localhost', 'RuntimeDefault', 'Unconfined'])
  }
}
