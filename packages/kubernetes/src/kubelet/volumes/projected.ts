import type { ProjectedVolumeSource, VolumeProjection } from '../../api/types/core-v1.ts'
import type { NodePod } from '../pods/node-pod.ts'
import type { Payload } from './atomic-writer.ts'
import { commonUser } from './ownership.ts'
import { configMapPayload, downwardPayload, secretPayload } from './payloads.ts'
import type { SetUpVolume, VolumeContext } from './volume-plugin.ts'
import { defaultFileMode, showPayload } from './written-volumes.ts'

const defaultExpirationSeconds = 3600

export const setUpProjected: SetUpVolume<ProjectedVolumeSource> = async (context, pod, name, source) => {
  const mode = source.defaultMode ?? defaultFileMode
  const parts = await Promise.allSettled(
    (source.sources ?? []).map((projection) => project(context, pod, projection, mode)),
  )
  const errors = parts.filter((part) => part.status === 'rejected').map(({ reason }) => reason as Error)
  if (errors.length > 0) throw new Error(aggregate(errors))
  const payload: Payload = new Map()
  for (const part of parts) {
    if (part.status === 'fulfilled') for (const [path, file] of part.value) payload.set(path, file)
  }
  return showPayload(pod, context.paths.memoryVolume(pod.metadata.uid, 'projected', name), payload)
}

/** As Go's aggregate prints several errors. */
function aggregate(errors: Error[]): string {
  const texts = [...new Set(errors.map(({ message }) => message))]
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
}

async function project(
  context: VolumeContext,
  pod: NodePod,
  projection: VolumeProjection,
  mode: number,
): Promise<Payload> {
  const { namespace } = pod.metadata
  const { configMap, secret, downwardAPI, serviceAccountToken } = projection
  if (configMap) return configMapPayload(context, namespace, configMap, mode)
  if (secret) return secretPayload(context, namespace, secret, mode)
  if (downwardAPI) return downwardPayload(context, pod, downwardAPI.items ?? [], mode)
  if (serviceAccountToken) {
    const { audience, path, expirationSeconds = defaultExpirationSeconds } = serviceAccountToken
    const token = await context.tokens.token(pod, audience, expirationSeconds)
    const uid = commonUser(pod)
    const guarded = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined
    return new Map([
      [path, { data: Buffer.from(token), mode: guarded ? 0o600 : mode, ...(uid !== undefined && { uid }) }],
    ])
  }
  throw new Error(`projected volume source ${Object.keys(projection)[0] ?? ''} is not supported`)
}
