import { openCluster } from '../../cluster/cluster.ts'
import { loadProfile } from '../../cluster/profile-store.ts'
import { requireNode } from '../../cluster/require-node.ts'
import { defineCommand } from '../command.ts'
import { bool, text } from '../flag.ts'

export const ssh = defineCommand({
  name: 'ssh',
  summary: 'Opens a shell on a node or runs a command there',
  description:
    "Opens a shell on a node or runs a command there; the exit code is the command's. With the driver none the node is this machine.",
  usage: '[-- COMMAND [ARGUMENT...]]',
  flags: {
    node: text('', 'Name of the node', { short: 'n' }),
    'native-ssh': bool(true, '', { hidden: true }),
  },
  args: { max: Number.POSITIVE_INFINITY },
  passThrough: true,
  async run({ flags, args, profile, home, env }) {
    const cluster = await openCluster(home, await loadProfile(home, profile))
    requireNode(cluster, flags.node)
    if (args.length === 0) return cluster.node.attach([env.SHELL || '/bin/sh', '-l'], { tty: true })
    // As with ssh, the words become one line for a shell.
    return cluster.node.attach(['/bin/sh', '-c', args.length === 1 ? args[0]! : args.map(quote).join(' ')], {
      tty: process.stdin.isTTY,
    })
  },
})

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
