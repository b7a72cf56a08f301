import { chmod, mkdir } from 'node:fs/promises'
import { quantityValue } from '../../api/quantity.ts'
import type { EmptyDirVolumeSource } from '../../api/types/core-v1.ts'
import { listMounts, mountTmpfs } from '../mounts/mount-table.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { podLimits } from '../pods/pod-limits.ts'
import { applyFsGroup } from './ownership.ts'
import type { SetUpVolume } from './volume-plugin.ts'

export const setUpEmptyDir: SetUpVolume<EmptyDirVolumeSource> = async (context, pod, name, source) => {
  const path = context.paths.volume(pod.metadata.uid, 'empty-dir', name)
  const made = (await mkdir(path, { recursive: true })) !== undefined
  if (source.medium === 'Memory') {
    const mounted = (await listMounts()).some(({ target }) => target === path)
    if (!mounted) await mountTmpfs(path, memorySize(pod, source, context.allocatable()))
    if (!mounted || made) await prepare(pod, path)
  } else if (source.medium && source.medium !== 'Memory') {
    throw new Error(`unknown storage medium "${source.medium}"`)
  } else if (made) {
    await prepare(pod, path)
  }
  return { path, readOnly: false }
}

async function prepare(pod: NodePod, path: string): Promise<void> {
  await chmod(path, 0o777)
  await applyFsGroup(pod, path, false)
}

/** The smallest of what the volume, the pod and the node allow. */
function memorySize(
  pod: NodePod,
  source: EmptyDirVolumeSource,
  allocatable: Record<string, string>,
): number | undefined {
  const bounds = [
    quantityValue(allocatable.memory),
    podLimits(pod).get('memory') ?? 0,
    source.sizeLimit ? quantityValue(source.sizeLimit) : 0,
  ].filter((bytes) => bytes > 0)
  return bounds.length > 0 ? Math.min(...bounds) : undefined
}
