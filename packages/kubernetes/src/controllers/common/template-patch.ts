import type { Json } from '../../api/kube-object.ts'
import { canonicalJson } from './hash.ts'

/**
 * What a ControllerRevision holds of a set: a patch that puts the template back. Keys are sorted, as tools compare its
 * bytes with what they make of a set.
 */
export function templatePatch(template: object | undefined): Json {
  return JSON.parse(canonicalJson({ spec: { template: { ...template, $patch: 'replace' } } }))
}
