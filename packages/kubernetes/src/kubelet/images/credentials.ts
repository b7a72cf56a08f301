import type { Init } from '@minikube-ts/cri/call.ts'
import type { AuthConfig } from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { Secret } from '../../api/types/core-v1.ts'
import { parseImageName } from './image-name.ts'

interface DockerEntry {
  username?: string
  password?: string
  auth?: string
  identitytoken?: string
  registrytoken?: string
}

/** What pull secrets offer for an image, the most specific registry path first. Unreadable secrets are passed over. */
export function pullCredentials(image: string, secrets: readonly Secret[]): Init<AuthConfig>[] {
  const repository = parseImageName(image)?.repository
  if (!repository) return []
  const found: { registry: string; auth: Init<AuthConfig> }[] = []
  for (const secret of secrets) {
    for (const [registry, entry] of Object.entries(dockerEntries(secret))) {
      if (matches(registry, repository)) found.push({ registry, auth: authOf(entry) })
    }
  }
  return found.sort((a, b) => b.registry.length - a.registry.length).map(({ auth }) => auth)
}

function dockerEntries(secret: Secret): Record<string, DockerEntry> {
  try {
    const config = secret.data?.['.dockerconfigjson']
    if (secret.type === 'kubernetes.io/dockerconfigjson' && config) {
      const parsed = JSON.parse(decode(config)) as { auths?: Record<string, DockerEntry> }
      return parsed.auths ?? {}
    }
    const old = secret.data?.['.dockercfg']
    if (secret.type === 'kubernetes.io/dockercfg' && old) {
      return JSON.parse(decode(old)) as Record<string, DockerEntry>
    }
  } catch {
    // A secret that holds no credentials helps nobody; the pull then says what is missing.
  }
  return {}
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString()
}

function authOf(entry: DockerEntry): Init<AuthConfig> {
  const { username, password, auth } = entry
  const plain = auth ? decode(auth) : ''
  const colon = plain.indexOf(':')
  return {
    username: username ?? (colon < 0 ? '' : plain.slice(0, colon)),
    password: password ?? (colon < 0 ? '' : plain.slice(colon + 1).replace(/\0+$/, '')),
    identityToken: entry.identitytoken ?? '',
    registryToken: entry.registrytoken ?? '',
  }
}

/** `registry` may be a URL, may end in a path, and may have `*` as whole parts of its host name. */
function matches(registry: string, repository: string): boolean {
  const text = registry.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  const docker = /^(index\.docker\.io|docker\.io|registry-1\.docker\.io)(\/v[12])?$/.test(text)
  const [host, ...path] = (docker ? 'docker.io' : text.replace(/\/v[12]$/, '')).split('/')
  const [imageHost, ...imagePath] = repository.split('/')
  const parts = host!.split('.')
  const imageParts = imageHost!.split('.')
  return (
    parts.length === imageParts.length &&
    parts.every((part, index) => globMatches(part, imageParts[index]!)) &&
    `${imagePath.join('/')}/`.startsWith(path.length > 0 ? path.join('/') : '')
  )
}

function globMatches(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${expression}$`).test(text)
}
