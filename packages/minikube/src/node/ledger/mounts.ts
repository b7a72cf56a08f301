import { readFile } from 'node:fs/promises'
import { LocalNode } from '../local-node.ts'

/** Mount points at and below `path`, deepest last. */
export async function mountsBelow(path: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8')
  return table
    .split('\n')
    .map((line) => unescapeOctal(line.split(' ')[4] ?? ''))
    .filter((point) => point === path || point.startsWith(`${path}/`))
}

/** Whether something is mounted at exactly this place. */
export async function isMountPoint(path: string): Promise<boolean> {
  return (await mountsBelow(path)).includes(path)
}

/**
 * Unmounts everything below `path` and at it, the last mounted first; lazily, since a dying process may still look in.
 * `itself` false: what is mounted at the place stays.
 */
export async function unmountBelow(path: string, itself = true): Promise<void> {
  const points = await mountsBelow(path)
  const node = new LocalNode('localhost')
  for (const point of points.reverse()) {
    if (itself || point !== path) await node.run(['umount', '--lazy', '--no-mtab', point])
  }
}

/** The kernel writes blanks in paths as octal. */
function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
