import { openCluster } from '../../cluster/cluster.ts'
import { loadProfile } from '../../cluster/profile-store.ts'
import { requireNode } from '../../cluster/require-node.ts'
import { defineCommand } from '../command.ts'
import { text } from '../flag.ts'

export const ip = defineCommand({
  name: 'ip',
  summary: 'Shows the IP address of a node',
  flags: { node: text('', 'Name of the node', { short: 'n' }) },
  async run({ flags, profile, home, output }) {
    const cluster = await openCluster(home, await loadProfile(home, profile))
    const node = requireNode(cluster, flags.node)
    output.print(node.IP || (await cluster.driver.ip(cluster.machine)))
    return 0
  },
})
