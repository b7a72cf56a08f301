import { readFile } from 'node:fs/promises'
import { platform, release } from 'node:os'

/** `Debian 12.5`, or what comes closest. */
export async function osName(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const value = (key: string): string | undefined => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(text)?.[1]
  const id = value('ID')
  if (!id) return `${platform()} ${release()}`
  return `${id[0]!.toUpperCase()}${id.slice(1)} ${value('VERSION_ID') ?? ''}`.trim()
}
