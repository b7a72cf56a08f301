import type { KubeObject } from '../../api/kube-object.ts'

/** Makes `target` what `source` is; admission changes objects in place. */
export function replaceObject(target: KubeObject, source: KubeObject): void {
  for (const key of Object.keys(target)) if (!(key in source)) delete target[key]
  Object.assign(target, source)
}
