import { randomBytes } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { Init } from '@minikube-ts/cri/call.ts'
import { type Device, type Mount, MountPropagation } from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { Container, VolumeMount } from '../../api/types/core-v1.ts'
import { expandStrictly } from '../environment/expand.ts'
import { hostsFile } from '../network/hosts-file.ts'
import type { PodHostname } from '../network/pod-hostname.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { bindSubpath, checkSubpath } from '../volumes/subpath.ts'
import type { MountedVolumes } from '../volumes/volume-manager.ts'
import type { VolumePaths } from '../volumes/volume-paths.ts'

export interface MountInputs {
  pod: NodePod
  container: Container
  volumes: MountedVolumes
  environment: Map<string, string>
  podIPs: string[]
  hostname: PodHostname
  paths: VolumePaths
  /** The runtime handler can make read-only mounts so all the way down. */
  recursiveReadOnly: boolean
}

const etcHosts = '/etc/hosts'
const propagations: Record<string, MountPropagation> = {
  None: MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
}

/** What a container sees besides its image: volumes, /etc/hosts, the file for its last words. */
export async function containerMounts(inputs: MountInputs): Promise<Init<Mount>[]> {
  const { pod, container, podIPs, paths } = inputs
  const mounts: Init<Mount>[] = []
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    mounts.push(await volumeMount(inputs, mount, index))
  }
  const own = (container.volumeMounts ?? []).some(({ mountPath }) => mountPath === etcHosts)
  if (!own && (pod.spec.hostNetwork || podIPs.length > 0)) {
    const path = paths.hostsFile(pod.metadata.uid)
    await writeFile(path, await hostsFile(pod, podIPs, inputs.hostname), { mode: 0o644 })
    await chmod(path, 0o644)
    mounts.push({ containerPath: etcHosts, hostPath: path, selinuxRelabel: true })
  }
  if (container.terminationMessagePath) {
    const directory = paths.container(pod.metadata.uid, container.name)
    await mkdir(directory, { recursive: true, mode: 0o750 })
    const path = join(directory, randomBytes(4).toString('hex'))
    await writeFile(path, '', { mode: 0o666 })
    await chmod(path, 0o666)
    mounts.push({ containerPath: absolute(container.terminationMessagePath), hostPath: path })
  }
  return mounts
}

async function volumeMount(inputs: MountInputs, mount: VolumeMount, index: number): Promise<Init<Mount>> {
  const { pod, container, volumes, paths, environment } = inputs
  const volume = volumes.get(mount.name)
  if (!volume || volume.block) {
    throw new Error(`cannot find volume "${mount.name}" to mount into container "${container.name}"`)
  }
  const subPath = mount.subPathExpr
    ? expandStrictly(mount.subPathExpr, (name) => environment.get(name))
    : (mount.subPath ?? '')
  if (subPath !== '') checkSubpath(subPath)
  const propagation = propagations[mount.mountPropagation ?? 'None']
  if (propagation === undefined) throw new Error(`invalid MountPropagation mode: "${mount.mountPropagation}"`)
  const common = {
    containerPath: absolute(mount.mountPath),
    readonly: mount.readOnly === true || volume.readOnly,
    propagation,
    recursiveReadOnly: isRecursive(mount, inputs.recursiveReadOnly),
  }
  if (volume.image) return { ...common, image: volume.image, imageSubPath: subPath }
  if (subPath === '') return { ...common, hostPath: volume.path }
  const target = paths.subpath(pod.metadata.uid, mount.name, container.name, index)
  try {
    await bindSubpath(volume.path, subPath, target)
  } catch (error) {
    throw new Error(
      `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}": ${(error as Error).message}`,
    )
  }
  return { ...common, hostPath: target }
}

/** @throws Error when the mount insists on what the runtime cannot do */
export function isRecursive(mount: VolumeMount, supported: boolean): boolean {
  const { recursiveReadOnly = 'Disabled', readOnly, mountPropagation = 'None', name } = mount
  if (recursiveReadOnly === 'Disabled') return false
  if (recursiveReadOnly === 'IfPossible') return supported && readOnly === true && mountPropagation === 'None'
  if (recursiveReadOnly !== 'Enabled') {
    throw new Error(
      `failed to resolve recursive read-only mode: unknown recursive read-only mode "${recursiveReadOnly}"`,
    )
  }
  if (!readOnly)
    throw new Error(
      `failed to resolve recursive read-only mode: volume "${name}" requested recursive read-only mode, but it is not read-only`,
    )
  if (!supported)
    throw new Error(
      `failed to resolve recursive read-only mode: volume "${name}" requested recursive read-only mode, but it is not supported by the runtime`,
    )
  return true
}

function absolute(path: string): string {
  return path.startsWith('/') ? path : posix.join('/', path)
}

/** Raw block devices that the container asks for. */
export function containerDevices(container: Container, volumes: MountedVolumes): Init<Device>[] {
  return (container.volumeDevices ?? []).map(({ name, devicePath }) => {
    const volume = volumes.get(name)
    if (!volume?.block)
      throw new Error(`cannot find volume "${name}" to pass into container "${container.name}"`)
    return { containerPath: devicePath, hostPath: volume.path, permissions: volume.readOnly ? 'r' : 'mrw' }
  })
}
