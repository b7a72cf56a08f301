import type { NodeFile } from '../../node/node.ts'
import type { RuntimeLayout } from '../runtime.ts'
import { containerdPaths } from './configuration.ts'

/** hosts.toml files for registries that are mirrored or spoken to without TLS. */
export function registryHosts(layout: RuntimeLayout): NodeFile[] {
  const { certs } = containerdPaths(layout)
  const insecure = layout.insecureRegistries.map((registry) => {
    const name = registry.replace(/^https?:\/\//, '')
    return {
      path: `${certs}/${name}/hosts.toml`,
      content: `server = "http://${name}"\n\n[host."http://${name}"]\n  capabilities = ["pull", "resolve", "push"]\n  skip_verify = true\n`,
    }
  })
  if (layout.registryMirrors.length === 0) return insecure
  const mirrors = layout.registryMirrors.map(
    (url) => `[host.${JSON.stringify(url)}]\n  capabilities = ["pull", "resolve"]\n`,
  )
  return [
    ...insecure,
    {
      path: `${certs}/docker.io/hosts.toml`,
      content: `server = "https://registry-1.docker.io"\n\n${mirrors.join('\n')}`,
    },
  ]
}
