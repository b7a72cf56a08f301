import type { Init } from '@minikube-ts/cri/call.ts'
import {
  type PodSandboxConfig,
  type PortMapping,
  ProfileType,
  Protocol,
  type UserNamespace,
} from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { ResolverSettings } from '../network/resolv-conf.ts'
import { allContainers, type NodePod } from '../pods/node-pod.ts'
import { podLabels } from './labels.ts'
import { sandboxResources } from './linux-resources.ts'
import { podLogsDirectory } from './log-paths.ts'
import { namespaceOptions, supplementalGroups } from './security-context.ts'

export interface SandboxInputs {
  pod: NodePod
  attempt: number
  /** Empty for pods on the node's network. */
  hostname: string
  dns: ResolverSettings
  cgroupParent: string
  logsRoot: string
  userNamespace: Init<UserNamespace>
  volumeGroups: number[]
}

const protocols: Record<string, Protocol> = { TCP: Protocol.TCP, UDP: Protocol.UDP, SCTP: Protocol.SCTP }

export function sandboxConfig(inputs: SandboxInputs): Init<PodSandboxConfig> {
  const { pod, attempt, hostname, dns, cgroupParent } = inputs
  const { name, namespace, uid, annotations } = pod.metadata
  const security = pod.spec.securityContext
  return {
    metadata: { name, namespace, uid, attempt },
    hostname,
    logDirectory: podLogsDirectory(inputs.logsRoot, pod.metadata),
    dnsConfig: dns,
    portMappings: portMappings(pod),
    labels: podLabels(pod),
    annotations: annotations ?? {},
    linux: {
      cgroupParent,
      sysctls: Object.fromEntries(
        (security?.sysctls ?? []).map(({ name, value }) => [sysctlName(name), value]),
      ),
      securityContext: {
        privileged: allContainers(pod.spec).some(({ container }) => container.securityContext?.privileged),
        seccomp: { profileType: ProfileType.RuntimeDefault },
        namespaceOptions: namespaceOptions(pod, inputs.userNamespace),
        ...(security?.runAsUser !== undefined && { runAsUser: { value: security.runAsUser } }),
        ...(security?.runAsGroup !== undefined && { runAsGroup: { value: security.runAsGroup } }),
        ...(security?.seLinuxOptions && { selinuxOptions: security.seLinuxOptions }),
        ...supplementalGroups(pod, inputs.volumeGroups),
      },
      ...sandboxResources(pod),
    },
  }
}

/** `net/ipv4/ip_forward` is the same as `net.ipv4.ip_forward`; in the former, dots belong to names. */
function sysctlName(name: string): string {
  const separator = /[./]/.exec(name)?.[0]
  return separator === '/' ? name.replace(/[./]/g, (one) => (one === '/' ? '.' : '/')) : name
}

function portMappings(pod: NodePod): Init<PortMapping>[] {
  const mappings: Init<PortMapping>[] = []
  for (const { kind, container } of allContainers(pod.spec)) {
    if (kind === 'ephemeral' || (kind === 'init' && container.restartPolicy !== 'Always')) continue
    for (const { containerPort, hostPort = 0, hostIP = '', protocol = 'TCP' } of container.ports ?? []) {
      mappings.push({
        containerPort,
        hostPort,
        hostIp: hostIP,
        protocol: protocols[protocol] ?? Protocol.TCP,
      })
    }
  }
  return mappings
}
