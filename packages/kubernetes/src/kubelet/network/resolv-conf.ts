import { readFile } from 'node:fs/promises'

export interface ResolverSettings {
  servers: string[]
  searches: string[]
  options: string[]
}

/** What a resolv.conf says; later `search` lines and options replace earlier ones. */
export async function readResolvConf(path: string): Promise<ResolverSettings> {
  const settings: ResolverSettings = { servers: [], searches: [], options: [] }
  const options = new Map<string, string>()
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/)
    if (word === 'nameserver' && rest[0]) settings.servers.push(rest[0])
    if (word === 'search') {
      settings.searches = rest.filter((name) => name !== '.').map((name) => name.replace(/\.$/, ''))
    }
    if (word === 'options') for (const option of rest) options.set(option.split(':')[0]!, option)
  }
  settings.options = [...options.values()]
  return settings
}
