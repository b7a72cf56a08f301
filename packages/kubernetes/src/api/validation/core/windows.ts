import type { PodSpec, WindowsSecurityContextOptions } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Subdomain } from '../formats.ts'
import { eachContainer } from './each-container.ts'

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const dnsDomain = new RegExp(`^${label}(?:\\.${label})*$`)
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/

export function validateWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  field: Field,
): void {
  if (!options) return
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options
  if (gmsaCredentialSpecName !== undefined)
    field
      .at('gmsaCredentialSpecName')
      .check(gmsaCredentialSpecName, isDns1123Subdomain(gmsaCredentialSpecName))
  if (gmsaCredentialSpec === '')
    field.at('gmsaCredentialSpec').invalid('', 'gmsaCredentialSpec cannot be an empty string')
  else if ((gmsaCredentialSpec?.length ?? 0) > 64 * 1024)
    field.at('gmsaCredentialSpec').invalid(gmsaCredentialSpec, 'gmsaCredentialSpec size must be under 64 KiB')
  if (runAsUserName !== undefined)
    field.at('runAsUserName').check(runAsUserName, userNameProblems(runAsUserName))
}

function userNameProblems(name: string): string[] {
  if (!name) return ['runAsUserName cannot be an empty string']
  if (/\p{Cc}/u.test(name)) return ['runAsUserName cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const user = parts[parts.length - 1] ?? ''
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined
  const problems: string[] = []
  if (domain !== undefined && domain.length >= 256)
    problems.push("runAsUserName's Domain length must be under 256 characters")
  if (domain !== undefined && !netBios.test(domain) && !dnsDomain.test(domain))
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  if (!user) problems.push("runAsUserName's User cannot be empty")
  else if (user.length > 104)
    problems.push("runAsUserName's User length must not be longer than 104 characters")
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user))
    problems.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
  return problems
}

/** All containers of a pod are host processes, or none. */
export function validateHostProcess(spec: PodSpec, field: Field): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  let all = 0
  let host = 0
  for (const [container, path] of eachContainer(spec, field)) {
    all++
    const own = container.securityContext?.windowsOptions?.hostProcess
    if (ofPod !== undefined && own !== undefined && ofPod !== own)
      path
        .at('securityContext', 'windowsOptions', 'hostProcess')
        .invalid(own, `pod hostProcess value must be identical if both are specified, was ${ofPod}`)
    if (own ?? ofPod) host++
  }
  if (host === 0) return
  if (host !== all)
    field.invalid(
      '',
      'If pod contains any hostProcess containers then all containers must be HostProcess containers',
    )
  if (!spec.hostNetwork)
    field
      .at('hostNetwork')
      .invalid(false, 'hostNetwork must be true if pod contains any hostProcess containers')
}

/** What only the other operating system knows. */
export function validateForOs(spec: PodSpec, field: Field): void {
  if (spec.os?.name === 'linux') {
    const detail = 'windows options cannot be set for a linux pod'
    if (spec.securityContext?.windowsOptions) field.at('securityContext', 'windowsOptions').forbidden(detail)
    for (const [container, path] of eachContainer(spec, field))
      if (container.securityContext?.windowsOptions)
        path.at('securityContext', 'windowsOptions').forbidden(detail)
  } else if (spec.os?.name === 'windows') {
    const detail = 'cannot be set for a windows pod'
    for (const name of ['hostUsers', 'shareProcessNamespace'] as const)
      if (spec[name] !== undefined) field.at(name).forbidden(detail)
    for (const name of ['hostPID', 'hostIPC'] as const) if (spec[name]) field.at(name).forbidden(detail)
    const forbid = (context: object | undefined, names: readonly string[], at: Field): void => {
      for (const name of names)
        if ((context as Record<string, unknown> | undefined)?.[name] !== undefined)
          at.at('securityContext', name).forbidden(detail)
    }
    forbid(spec.securityContext, linuxPodFields, field)
    for (const [container, path] of eachContainer(spec, field))
      forbid(container.securityContext, linuxContainerFields, path)
  }
}

const linuxPodFields = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
]

const linuxContainerFields = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
]
