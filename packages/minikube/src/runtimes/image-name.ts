/** The whole name behind a short one, as docker reads it: `web` → `docker.io/library/web:latest`. */
export function wholeImageName(name: string): string {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(name)) return name
  const slash = name.indexOf('/')
  const host = slash < 0 ? '' : name.slice(0, slash)
  const hasHost = host.includes('.') || host.includes(':') || host === 'localhost'
  const withHost = hasHost ? name : `docker.io/${slash < 0 ? 'library/' : ''}${name}`
  const last = withHost.slice(withHost.lastIndexOf('/') + 1)
  return last.includes(':') || last.includes('@') ? withHost : `${withHost}:latest`
}
