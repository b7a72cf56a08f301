import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, MinikubeError, messageOf } from '../../error.ts'
import type { ChangeKind, ChangeOf } from './change.ts'

export const sysctl: ChangeKind<ChangeOf<'sysctl'>> = {
  shared: true,
  identity: ({ key }) => key,
  describe: ({ key, value, previous }) =>
    previous === value
      ? `rely on ${dotted(key)} being ${value}`
      : `set ${dotted(key)} to ${value} (it is ${previous})`,
  async apply(changes) {
    for (const { key, value } of changes) {
      if ((await readSysctl(key)) === value) continue
      try {
        await writeFile(join('/proc/sys', key), value)
      } catch (error) {
        throw new MinikubeError(
          'GUEST_PROVISION',
          `the kernel setting ${dotted(key)} cannot be set to ${value}: ${messageOf(error)}`,
          {
            advice: 'In a container, start that with the setting or with --privileged.',
          },
        )
      }
    }
  },
  async undo(changes) {
    const stay = new Map<ChangeOf<'sysctl'>, string>()
    for (const change of changes) {
      const now = await readSysctl(change.key)
      if (now === undefined || now === change.previous) continue
      if (now !== change.value) stay.set(change, `somebody has set it to ${now} since`)
      else await writeFile(join('/proc/sys', change.key), change.previous)
    }
    return stay
  },
}

/** Undefined when this kernel has no such setting. */
export async function readSysctl(key: string): Promise<string | undefined> {
  try {
    return (await readFile(join('/proc/sys', key), 'utf8')).trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function dotted(key: string): string {
  return key.replaceAll('/', '.')
}
