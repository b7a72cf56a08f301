import { isIP } from 'node:net'
import { openCluster } from '../../cluster/cluster.ts'
import type { Profile } from '../../cluster/profile.ts'
import { loadProfile, saveProfile } from '../../cluster/profile-store.ts'
import { requireRoot } from '../../cluster/require-root.ts'
import type { Home } from '../../home.ts'
import type { Work } from '../../progress.ts'
import { type Command, defineCommand } from '../command.ts'
import { table } from '../output/table.ts'
import { UsageError } from '../usage-error.ts'

const add: Command = defineCommand({
  name: 'add',
  summary: 'Adds a name, or gives it another address',
  usage: 'NAME ADDRESS',
  args: { min: 2, max: 2 },
  async run({ args, profile, home, output, work }) {
    const [name, address] = args as [string, string]
    if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(name)) throw new UsageError(`"${name}" is no host name`)
    if (isIP(address) === 0) throw new UsageError(`"${address}" is no IP address`)
    await change(home, profile, work, (entries) => [
      ...entries.filter((entry) => entry.Name !== name),
      { Name: name, Address: address },
    ])
    output.step('Done', `${name} is ${address} on the nodes of "${profile}" and for its pods.`)
    return 0
  },
})

const remove: Command = defineCommand({
  name: 'rm',
  aliases: ['remove'],
  summary: 'Removes a name',
  usage: 'NAME',
  args: { min: 1, max: 1 },
  async run({ args, profile, home, output, work }) {
    const [name] = args
    await change(home, profile, work, (entries) => {
      const rest = entries.filter((entry) => entry.Name !== name)
      if (rest.length === entries.length)
        throw new UsageError(`"${name}" was not added`, "'minikube hosts list' shows what was.")
      return rest
    })
    output.step('Done', `${name} is removed from the nodes of "${profile}".`)
    return 0
  },
})

const list: Command = defineCommand({
  name: 'list',
  summary: 'Lists the names that were added',
  async run({ profile, home, output }) {
    const { Hosts } = await loadProfile(home, profile)
    output.print(
      table(
        ['NAME', 'ADDRESS'],
        Hosts.map(({ Name, Address }) => [Name, Address]),
      ),
    )
    return 0
  },
})

export const hosts = defineCommand({
  name: 'hosts',
  summary: "Manages names in a node's /etc/hosts",
  description:
    "Manages names in a node's /etc/hosts. They stand in one marked block; lines outside of it are never touched.",
  commands: [add, remove, list].map((command) => ({
    name: command.name,
    ...(command.aliases && { aliases: command.aliases }),
    summary: command.summary,
    load: async () => command,
  })),
})

async function change(
  home: Home,
  name: string,
  work: Work,
  edit: (entries: Profile['Hosts']) => Profile['Hosts'],
): Promise<void> {
  const profile = await loadProfile(home, name)
  const cluster = await openCluster(home, { ...profile, Hosts: edit(profile.Hosts) })
  requireRoot(cluster, 'hosts')
  await saveProfile(home, cluster.profile)
  const { applyHosts } = await import('../../cluster/apply-hosts.ts')
  await applyHosts(cluster, work)
}
