import { machineName } from '../../cluster/profile.ts'
import { loadProfile } from '../../cluster/profile-store.ts'
import { type Command, defineCommand } from '../command.ts'

const list: Command = defineCommand({
  name: 'list',
  summary: 'Lists the nodes of a cluster',
  async run({ profile, home, output }) {
    const found = await loadProfile(home, profile)
    for (const node of found.Nodes) output.print(`${machineName(found, node)}\t${node.IP}`)
    return 0
  },
})

export const node = defineCommand({
  name: 'node',
  summary: 'Lists the nodes of a cluster',
  commands: [{ name: 'list', summary: list.summary, load: async () => list }],
})
