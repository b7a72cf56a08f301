import { messageOf } from '../../error.ts'
import { withLock } from '../../lock.ts'
import { silentProgress, type Work } from '../../progress.ts'
import { withHostsBlock } from '../hosts-block.ts'
import type { Node } from '../node.ts'
import type { ChangeKind, ChangeOf } from './change.ts'

const quietWork: Work = { signal: new AbortController().signal, progress: silentProgress }

export const hostsBlock: ChangeKind<ChangeOf<'hosts-block'>> = {
  identity: ({ path, profile }) => `${path} ${profile}`,
  describe: ({ path, profile }) => `keep a marked block for ${profile} in ${path}`,
  async undo(changes, node) {
    const stay = new Map<ChangeOf<'hosts-block'>, string>()
    for (const change of changes) {
      try {
        await writeHosts(node, change.path, (text) => withHostsBlock(text, change.profile, []))
      } catch (error) {
        stay.set(change, messageOf(error))
      }
    }
    return stay
  },
}

/** Rewrites a hosts file in place: in containers it is a mount, which cannot be replaced by renaming. */
export async function writeHosts(node: Node, path: string, edit: (text: string) => string): Promise<boolean> {
  // Every profile has a block in the same file.
  return withLock(`hosts ${node.name} ${path}`, `writing ${path}`, quietWork, async () => {
    const before = (await node.readFile(path))?.toString() ?? ''
    const after = edit(before)
    if (after === before) return false
    await node.run(['tee', path], { stdin: after })
    return true
  })
}
