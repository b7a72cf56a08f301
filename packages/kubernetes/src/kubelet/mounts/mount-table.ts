import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface MountEntry {
  target: string
  type: string
  /** Carries mounts made below it on to its peers. */
  shared: boolean
}

/** The mounts of this process's namespace, in the order they were made. */
export async function listMounts(): Promise<MountEntry[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [before, after] = line.split(' - ') as [string, string]
      const fields = before.split(' ')
      return {
        target: unescapeOctal(fields[4]!),
        type: after.split(' ')[0]!,
        shared: fields.slice(6).some((field) => field.startsWith('shared:')),
      }
    })
}

/** The kernel writes spaces and the like as `\040`. */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

/** A file system in memory, at most `size` bytes when given. */
export async function mountTmpfs(target: string, size?: number): Promise<void> {
  const options = size === undefined ? [] : ['-o', `size=${size}`]
  await run('mount', ['-t', 'tmpfs', ...options, 'tmpfs', target])
}

export async function bindMount(source: string, target: string): Promise<void> {
  await run('mount', ['--no-canonicalize', '--bind', source, target])
}

/**
 * Makes mounts below `directory` visible to whoever shares it, as bidirectional propagation needs. Before anything is
 * mounted there: what was would be hidden.
 */
export async function makeShared(directory: string): Promise<void> {
  const mounts = await listMounts()
  const containing = mounts
    .filter(({ target }) => target === '/' || target === directory || directory.startsWith(`${target}/`))
    .reduce((best, one) => (one.target.length >= best.target.length ? one : best))
  if (containing.shared) return
  if (containing.target !== directory) await run('mount', ['--rbind', directory, directory])
  await run('mount', ['--make-rshared', directory])
}

/** Takes off everything that is mounted at or below `directory`, last made first. */
export async function unmountBelow(directory: string): Promise<void> {
  const mounts = await listMounts()
  for (const { target } of mounts.reverse()) {
    if (target === directory || target.startsWith(`${directory}/`)) await run('umount', [target])
  }
}
