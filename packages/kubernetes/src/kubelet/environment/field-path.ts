import { goQuote } from '../../api/go-format.ts'
import type { NodePod } from '../pods/node-pod.ts'

/** What a pod does not know of itself before its status says so. */
export interface PodAddresses {
  podIPs: string[]
  hostIP: string
}

/**
 * The value of a downward API `fieldPath`.
 * @throws Error when there is no such field
 */
export function fieldValue(pod: NodePod, fieldPath: string, addresses: PodAddresses): string {
  const { metadata, spec } = pod
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name
    case 'metadata.namespace':
      return metadata.namespace
    case 'metadata.uid':
      return metadata.uid
    case 'metadata.labels':
      return formatMap(metadata.labels)
    case 'metadata.annotations':
      return formatMap(metadata.annotations)
    case 'spec.nodeName':
      return spec.nodeName ?? ''
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? ''
    case 'spec.host':
      return spec.nodeName ?? ''
    case 'status.hostIP':
    case 'status.hostIPs':
      return addresses.hostIP
    case 'status.podIP':
      return addresses.podIPs[0] ?? ''
    case 'status.podIPs':
      return addresses.podIPs.join(',')
  }
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath)
  if (subscript) return metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2]!] ?? ''
  throw new Error(`unsupported fieldPath: ${fieldPath}`)
}

/** `key="value"` lines, sorted. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${goQuote(map![key]!)}`)
    .join('\n')
}
