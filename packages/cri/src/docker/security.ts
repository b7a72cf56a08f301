import { readFile } from 'node:fs/promises'
import {
  type LinuxContainerSecurityContext,
  NamespaceMode,
  type NamespaceOption,
  ProfileType,
  type SecurityProfile,
} from '../generated/runtime-v1.ts'
import type { ProcessLimits } from './process-limits.ts'

/** Capabilities by number, as the kernel has them; engines of later days leave out by themselves what the machine lacks. */
const capabilities =
  `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT
SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ`.split(/\s+/)

/** The part of the engine's HostConfig that the security context decides, except for namespaces. */
export async function securityOptions(
  context: Partial<LinuxContainerSecurityContext>,
  limits: ProcessLimits,
): Promise<Record<string, unknown>> {
  const common = {
    ReadonlyRootfs: context.readonlyRootfs ?? false,
    GroupAdd: (context.supplementalGroups ?? []).map(String),
  }
  if (context.privileged) return { ...common, ...(await privileges(limits)) }
  return {
    ...common,
    CapAdd: context.capabilities?.addCapabilities ?? [],
    CapDrop: context.capabilities?.dropCapabilities ?? [],
    SecurityOpt: [
      ...(await seccomp(context.seccomp)),
      ...appArmor(context.apparmor),
      ...seLinux(context.selinuxOptions),
      ...(context.noNewPrivs ? ['no-new-privileges'] : []),
    ],
    MaskedPaths: context.maskedPaths ?? [],
    ReadonlyPaths: context.readonlyPaths ?? [],
  }
}

/** Everything that this machine has to give: the engine's own word for it fails where a capability is missing. */
async function privileges({ lowestOomScore }: ProcessLimits): Promise<Record<string, unknown>> {
  if (lowestOomScore === undefined) return { Privileged: true }
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8'))
  const bits = BigInt(`0x${bounding?.[1] ?? '0'}`)
  return {
    CapAdd: ['ALL'],
    CapDrop: capabilities.filter((_, number) => (bits & (1n << BigInt(number))) === 0n),
    SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined', 'label=disable'],
    MaskedPaths: [],
    ReadonlyPaths: [],
    Devices: [{ PathOnHost: '/dev', PathInContainer: '/dev', CgroupPermissions: 'rwm' }],
    DeviceCgroupRules: ['a *:* rwm'],
  }
}

/** A profile goes to the engine as its text. */
async function seccomp(profile: SecurityProfile | undefined): Promise<string[]> {
  if (profile?.profileType === ProfileType.Localhost) {
    return [`seccomp=${JSON.stringify(JSON.parse(await readFile(profile.localhostRef, 'utf8')))}`]
  }
  return profile?.profileType === ProfileType.RuntimeDefault ? [] : ['seccomp=unconfined']
}

function appArmor(profile: SecurityProfile | undefined): string[] {
  if (profile?.profileType === ProfileType.Localhost) return [`apparmor=${profile.localhostRef}`]
  return profile?.profileType === ProfileType.Unconfined ? ['apparmor=unconfined'] : []
}

function seLinux(options: LinuxContainerSecurityContext['selinuxOptions']): string[] {
  return Object.entries(options ?? {})
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `label=${name}:${value}`)
}

/** `uid:gid` or a name; undefined leaves it to the image. */
export function userOf({
  runAsUser,
  runAsGroup,
  runAsUsername,
}: Partial<Pick<LinuxContainerSecurityContext, 'runAsUser' | 'runAsGroup' | 'runAsUsername'>>):
  | string
  | undefined {
  const user = runAsUser ? String(runAsUser.value) : runAsUsername
  if (!user) return undefined
  return runAsGroup ? `${user}:${runAsGroup.value}` : user
}

/** Namespaces of a container that belongs to a sandbox. */
export function joinSandbox(sandboxId: string, options: Partial<NamespaceOption>): Record<string, unknown> {
  const sandbox = `container:${sandboxId}`
  const pid = {
    [NamespaceMode.POD]: sandbox,
    [NamespaceMode.CONTAINER]: '',
    [NamespaceMode.NODE]: 'host',
    [NamespaceMode.TARGET]: `container:${options.targetId}`,
  }[options.pid ?? NamespaceMode.POD]
  return {
    NetworkMode: sandbox,
    IpcMode: options.ipc === NamespaceMode.NODE ? 'host' : sandbox,
    PidMode: pid,
    // The host's name with the host's network; otherwise the engine takes the sandbox's name along with its network.
    UTSMode: options.network === NamespaceMode.NODE ? 'host' : '',
  }
}
