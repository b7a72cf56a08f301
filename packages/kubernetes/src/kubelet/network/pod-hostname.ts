import type { NodePod } from '../pods/node-pod.ts'

const maxHostname = 63
const maxFqdn = 64
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/

/** `domain` is empty unless the pod has a subdomain. */
export interface PodHostname {
  hostname: string
  domain: string
}

/** @throws Error when the names of the spec cannot be host names */
export function podHostname(pod: NodePod, clusterDomain: string): PodHostname {
  const { hostname, subdomain, hostnameOverride } = pod.spec
  const { name, namespace } = pod.metadata
  if (hostnameOverride) return { hostname: truncate(hostnameOverride, name), domain: '' }
  if (hostname && !isLabel(hostname)) throw new Error(`pod Hostname "${hostname}" is not a valid DNS label`)
  if (subdomain && !isLabel(subdomain))
    throw new Error(`pod Subdomain "${subdomain}" is not a valid DNS label`)
  return {
    hostname: truncate(hostname || name, name),
    domain: subdomain ? `${subdomain}.${namespace}.svc.${clusterDomain}` : '',
  }
}

/** What the kernel is told: the whole name when the pod wants it so. */
export function kernelHostname({ hostname, domain }: PodHostname, asFqdn: boolean | undefined): string {
  if (!asFqdn || domain === '') return hostname
  const fqdn = `${hostname}.${domain}`
  if (fqdn.length > maxFqdn) {
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (${maxFqdn} characters is the max, ${fqdn.length} characters requested)`,
    )
  }
  return fqdn
}

function isLabel(text: string): boolean {
  return text.length <= maxHostname && label.test(text)
}

function truncate(hostname: string, podName: string): string {
  if (hostname.length <= maxHostname) return hostname
  const cut = hostname.slice(0, maxHostname).replace(/[-.]+$/, '')
  if (cut === '') throw new Error(`hostname for pod "${podName}" was invalid: "${hostname}"`)
  return cut
}
