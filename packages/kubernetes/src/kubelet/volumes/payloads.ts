import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Secret } from '../../api/types/core-v1.ts'
import { fieldValue } from '../environment/field-path.ts'
import { resourceFieldValue } from '../environment/resource-field.ts'
import type { NodePod } from '../pods/node-pod.ts'
import type { Payload } from './atomic-writer.ts'
import type { VolumeContext } from './volume-plugin.ts'

interface KeyedSource {
  items?: KeyToPath[]
  optional?: boolean
}

/** The files of a ConfigMap: all keys, or the chosen ones under their paths. */
export async function configMapPayload(
  context: VolumeContext,
  namespace: string,
  source: KeyedSource & { name?: string },
  defaultMode: number,
): Promise<Payload> {
  const name = source.name ?? ''
  const configMap = await context.objects.configMap(namespace, name)
  if (!configMap && !source.optional) throw new Error(`configmap "${name}" not found`)
  return choose(configMapData(configMap), source, defaultMode, 'configmap')
}

export async function secretPayload(
  context: VolumeContext,
  namespace: string,
  source: KeyedSource & { name?: string },
  defaultMode: number,
): Promise<Payload> {
  const name = source.name ?? ''
  const secret = await context.objects.secret(namespace, name)
  if (!secret && !source.optional) throw new Error(`secret "${name}" not found`)
  return choose(secretData(secret), source, defaultMode, 'secret')
}

function configMapData(configMap: ConfigMap | undefined): Map<string, Buffer> {
  const data = new Map<string, Buffer>()
  for (const [key, text] of Object.entries(configMap?.data ?? {})) data.set(key, Buffer.from(text))
  for (const [key, text] of Object.entries(configMap?.binaryData ?? {})) {
    data.set(key, Buffer.from(text, 'base64'))
  }
  return data
}

function secretData(secret: Secret | undefined): Map<string, Buffer> {
  return new Map(Object.entries(secret?.data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')]))
}

function choose(
  data: Map<string, Buffer>,
  { items, optional }: KeyedSource,
  defaultMode: number,
  kind: string,
): Payload {
  const payload: Payload = new Map()
  if (!items?.length) {
    for (const [key, content] of data) payload.set(key, { data: content, mode: defaultMode })
    return payload
  }
  for (const { key, path, mode } of items) {
    const content = data.get(key)
    if (content) payload.set(path, { data: content, mode: mode ?? defaultMode })
    else if (!optional)
      throw new Error(
        `${kind} references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${key}`,
      )
  }
  return payload
}

/** The files of the downward API. */
export function downwardPayload(
  context: VolumeContext,
  pod: NodePod,
  items: DownwardAPIVolumeFile[],
  defaultMode: number,
): Payload {
  const payload: Payload = new Map()
  for (const { path, fieldRef, resourceFieldRef, mode } of items) {
    const value = fieldRef
      ? fieldValue(pod, fieldRef.fieldPath, context.addresses(pod))
      : resourceFieldRef
        ? resourceFieldValue(pod, undefined, resourceFieldRef, context.allocatable())
        : ''
    payload.set(path, { data: Buffer.from(value), mode: mode ?? defaultMode })
  }
  return payload
}
