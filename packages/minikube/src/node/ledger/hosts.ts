import { messageOf } from '../../error.ts'
import { withHostsBlock } from '../hosts-block.ts'
import type { ChangeKind, ChangeOf } from './change.ts'

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
export async function writeHosts(
  node: Parameters<typeof hostsBlock.undo>[1],
  path: string,
  edit: (text: string) => string,
): Promise<boolean> {
  const before = (await node.readFile(path))?.toString() ?? ''
  const after = edit(before)
  if (after === before) return false
  await node.run(['tee', path], { stdin: after })
  return true
}
