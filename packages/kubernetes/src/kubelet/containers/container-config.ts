import type { Init } from '@minikube-ts/cri/call.ts'
import type { ContainerConfig, Device, Mount, UserNamespace } from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { Container } from '../../api/types/core-v1.ts'
import { expandVariables } from '../environment/expand.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { containerAnnotations, containerLabels } from './labels.ts'
import { containerResources } from './linux-resources.ts'
import { containerLogPath } from './log-paths.ts'
import { criSecurityContext, type ImageUser, verifyNonRoot } from './security-context.ts'

export interface ContainerConfigInputs {
  pod: NodePod
  container: Container
  restarts: number
  /** The image as the runtime knows it. */
  imageRef: string
  imageUser: ImageUser
  environment: Map<string, string>
  mounts: Init<Mount>[]
  devices: Init<Device>[]
  userNamespace: Init<UserNamespace>
  seccompRoot: string
  volumeGroups: number[]
  memoryCapacity: number
  /** Container whose processes an ephemeral container is to see. */
  targetId?: string
}

/** @throws Error that goes into the container's status as CreateContainerConfigError */
export function containerConfig(inputs: ContainerConfigInputs): Init<ContainerConfig> {
  const { pod, container, restarts, environment, userNamespace, mounts } = inputs
  verifyNonRoot(pod, container, inputs.imageUser)
  const expand = (text: string): string => expandVariables(text, (name) => environment.get(name))
  return {
    metadata: { name: container.name, attempt: restarts },
    image: { image: inputs.imageRef, userSpecifiedImage: container.image ?? '' },
    command: (container.command ?? []).map(expand),
    args: (container.args ?? []).map(expand),
    workingDir: container.workingDir ?? '',
    envs: [...environment].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: userNamespace.uids?.length
      ? mounts.map((mount) => ({
          ...mount,
          uidMappings: userNamespace.uids,
          gidMappings: userNamespace.gids,
        }))
      : mounts,
    devices: inputs.devices,
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restarts),
    logPath: containerLogPath(container.name, restarts),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: {
      resources: containerResources(pod, container, inputs.memoryCapacity),
      securityContext: criSecurityContext({
        pod,
        container,
        image: inputs.imageUser,
        userNamespace,
        seccompRoot: inputs.seccompRoot,
        volumeGroups: inputs.volumeGroups,
        ...(inputs.targetId && { targetId: inputs.targetId }),
      }),
    },
  }
}
