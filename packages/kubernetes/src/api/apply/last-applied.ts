import { cloneJson } from '../json.ts'
import type { KubeObject } from '../kube-object.ts'

/** Where `kubectl apply` keeps what it last applied from the client's side. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'

/** Annotations of one object together may have so many bytes. */
const maxAnnotationBytes = 256 * 1024

export function lastAppliedOf(object: KubeObject): string | undefined {
  return object.metadata?.annotations?.[lastAppliedAnnotation] || undefined
}

/** `object` with its annotation saying that `applied` was applied; without the annotation when it would be too big. */
export function withLastApplied(object: KubeObject, applied: KubeObject): KubeObject {
  const config = cloneJson(applied)
  delete config.metadata?.annotations?.[lastAppliedAnnotation]
  const annotations = {
    ...object.metadata?.annotations,
    [lastAppliedAnnotation]: `${JSON.stringify(config)}\n`,
  }
  const bytes = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
  if (bytes > maxAnnotationBytes) Reflect.deleteProperty(annotations, lastAppliedAnnotation)
  return { ...object, metadata: { ...object.metadata, annotations } }
}
