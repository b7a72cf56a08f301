import { chmod, mkdir } from 'node:fs/promises'
import type {
  ConfigMapVolumeSource,
  DownwardAPIVolumeSource,
  SecretVolumeSource,
} from '../../api/types/core-v1.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { type Payload, writeAtomically } from './atomic-writer.ts'
import { applyFsGroup } from './ownership.ts'
import { configMapPayload, downwardPayload, secretPayload } from './payloads.ts'
import type { MountedVolume, SetUpVolume } from './volume-plugin.ts'

export const defaultFileMode = 0o644

/** Brings a volume's directory up to date with what is to be in it, owned as the pod wants it. */
export async function showPayload(pod: NodePod, path: string, payload: Payload): Promise<MountedVolume> {
  if ((await mkdir(path, { recursive: true })) !== undefined) await chmod(path, 0o777)
  await writeAtomically(path, payload, (fresh) => applyFsGroup(pod, fresh, true, false))
  return { path, readOnly: true }
}

export const setUpConfigMap: SetUpVolume<ConfigMapVolumeSource> = async (context, pod, name, source) => {
  const { namespace, uid } = pod.metadata
  const payload = await configMapPayload(context, namespace, source, source.defaultMode ?? defaultFileMode)
  return showPayload(pod, context.paths.volume(uid, 'configmap', name), payload)
}

export const setUpSecret: SetUpVolume<SecretVolumeSource> = async (context, pod, name, source) => {
  const { namespace, uid } = pod.metadata
  const { secretName = '', items, optional, defaultMode = defaultFileMode } = source
  const keyed = { name: secretName, ...(items && { items }), ...(optional !== undefined && { optional }) }
  const payload = await secretPayload(context, namespace, keyed, defaultMode)
  return showPayload(pod, context.paths.memoryVolume(uid, 'secret', name), payload)
}

export const setUpDownwardApi: SetUpVolume<DownwardAPIVolumeSource> = async (context, pod, name, source) => {
  const payload = downwardPayload(context, pod, source.items ?? [], source.defaultMode ?? defaultFileMode)
  return showPayload(pod, context.paths.memoryVolume(pod.metadata.uid, 'downward-api', name), payload)
}
