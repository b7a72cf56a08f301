import type { KubeObject } from '../../api/kube-object.ts'

/** The answer of a POST that leaves nothing behind to be shown. */
export function successStatus(code: number): KubeObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code }
}
