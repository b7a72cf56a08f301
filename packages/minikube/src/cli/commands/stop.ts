import { defineCommand } from '../command.ts'
import { bool, choice } from '../flag.ts'

export const stop = defineCommand({
  name: 'stop',
  summary: 'Stops a running local Kubernetes cluster',
  flags: {
    all: bool(false, 'Stop all clusters'),
    'keep-context-active': bool(false, 'Leave the entry in the kubeconfig'),
    output: choice(['text', 'json'], 'text', 'How to tell what is done', { short: 'o' }),
  },
  events: true,
  async run({ flags, profile, home, output, work }) {
    const { stop: stopCluster } = await import('../../cluster/stop.ts')
    const { listProfiles } = await import('../../cluster/profile-store.ts')
    const names = flags.all ? (await listProfiles(home)).valid.map(({ Name }) => Name) : [profile]
    for (const name of names) await stopCluster(home, name, flags['keep-context-active'], work)
    output.step('Done', names.length === 1 ? '1 node stopped.' : `${names.length} nodes stopped.`)
    return 0
  },
})
