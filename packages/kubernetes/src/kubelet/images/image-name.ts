/** Where an image is, e.g. `docker.io/library/busybox` with tag `latest`. */
export interface ImageName {
  /** Registry host and path. */
  repository: string
  tag: string
  digest: string
}

const pathPart = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/
const hostPart =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::\d+)?$|^\[[0-9a-fA-F:]+\](?::\d+)?$/

/** Reads an image name as the distribution project does, defaults filled in; `undefined` when it is none. */
export function parseImageName(name: string): ImageName | undefined {
  const parts =
    /^([^@]+?)(?::([\w][\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$/.exec(
      name,
    )
  if (!parts) return undefined
  const [, path = '', tag = '', digest = ''] = parts
  const slash = path.indexOf('/')
  const head = slash < 0 ? '' : path.slice(0, slash)
  const hasHost =
    head !== '' && (head.includes('.') || head.includes(':') || head === 'localhost' || /[A-Z]/.test(head))
  const host = hasHost ? head : 'docker.io'
  let rest = hasHost ? path.slice(slash + 1) : path
  if (!hostPart.test(host) || !rest.split('/').every((part) => pathPart.test(part))) return undefined
  if (host === 'docker.io' && !rest.includes('/')) rest = `library/${rest}`
  return { repository: `${host}/${rest}`, tag: tag === '' && digest === '' ? 'latest' : tag, digest }
}

/** The name with `:latest` when it says neither tag nor digest; `undefined` when it is no image name. */
export function withDefaultTag(name: string): string | undefined {
  const parsed = parseImageName(name)
  if (!parsed) return undefined
  return parsed.digest === '' && !name.endsWith(`:${parsed.tag}`) ? `${name}:${parsed.tag}` : name
}
