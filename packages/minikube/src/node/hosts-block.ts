/** A name and the address that it stands for. */
export interface HostsEntry {
  address: string
  name: string
}

const begin = (profile: string): string =>
  `# minikube ${profile}: begin. Kept by minikube; lines outside are yours.`
const end = (profile: string): string => `# minikube ${profile}: end`

/**
 * The hosts file with the profile's block holding exactly `entries`; without entries there is no block. Everything
 * outside of it stays as it is, byte for byte. A block whose end is lost ends at the first foreign line.
 */
export function withHostsBlock(text: string, profile: string, entries: readonly HostsEntry[]): string {
  const block = entries.length === 0 ? [] : [begin(profile), ...entries.map(lineOf), end(profile)]
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const first = lines.indexOf(begin(profile))
  if (first < 0) {
    if (block.length === 0) return text
    return `${[...lines, ...block].join('\n')}\n`
  }
  const marker = lines.indexOf(end(profile), first)
  const last = marker >= 0 ? marker + 1 : first + 1
  lines.splice(first, last - first, ...block)
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** What the profile's block holds; undefined when there is none. */
export function readHostsBlock(text: string, profile: string): HostsEntry[] | undefined {
  const lines = text.split('\n')
  const first = lines.indexOf(begin(profile))
  const last = lines.indexOf(end(profile), first)
  if (first < 0 || last < 0) return undefined
  return lines.slice(first + 1, last).flatMap((line) => {
    const [address, ...names] = line.split('#')[0]!.trim().split(/\s+/)
    return names.map((name) => ({ address: address!, name }))
  })
}

function lineOf({ address, name }: HostsEntry): string {
  return `${address}\t${name}`
}
