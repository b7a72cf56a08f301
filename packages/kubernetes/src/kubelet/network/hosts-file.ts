import { readFile } from 'node:fs/promises'
import type { NodePod } from '../pods/node-pod.ts'
import type { PodHostname } from './pod-hostname.ts'

/** Content of the /etc/hosts that a pod's containers share. */
export async function hostsFile(pod: NodePod, podIPs: string[], names: PodHostname): Promise<string> {
  const aliases = pod.spec.hostAliases ?? []
  const tail =
    aliases.length === 0
      ? ''
      : `\n# Entries added by HostAliases.\n${aliases
          .map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}\n`)
          .join('')}`
  if (pod.spec.hostNetwork) {
    return `# Kubernetes-managed hosts file (host network).\n${await readFile('/etc/hosts', 'utf8')}${tail}`
  }
  const { hostname, domain } = names
  const name = domain ? `${hostname}.${domain}\t${hostname}` : hostname
  return [
    '# Kubernetes-managed hosts file.\n',
    '127.0.0.1\tlocalhost\n',
    '::1\tlocalhost ip6-localhost ip6-loopback\n',
    'fe00::0\tip6-localnet\n',
    'fe00::0\tip6-mcastprefix\n',
    'fe00::1\tip6-allnodes\n',
    'fe00::2\tip6-allrouters\n',
    ...podIPs.map((ip) => `${ip}\t${name}\n`),
    tail,
  ].join('')
}
