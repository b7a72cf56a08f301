import { defineCommand } from '../command.ts'
import { bool, choice } from '../flag.ts'
import { UsageError } from '../usage-error.ts'

export const deleteCommand = defineCommand({
  name: 'delete',
  summary: 'Deletes a local Kubernetes cluster',
  description:
    'Deletes a local Kubernetes cluster with all its data, and undoes what minikube changed on this machine for it.',
  usage: '',
  args: { max: 1 },
  flags: {
    all: bool(false, 'Delete all clusters'),
    purge: bool(false, "Remove minikube's home directory, too"),
    'keep-packages': bool(false, 'Leave Debian packages installed that were installed for the cluster'),
    output: choice(['text', 'json'], 'text', 'How to tell what is done', { short: 'o' }),
  },
  events: true,
  async run({ flags, args, profile, home, output, work }) {
    const { deleteCluster } = await import('../../cluster/delete.ts')
    const { profileNames } = await import('../../cluster/profile-store.ts')
    if (args[0] !== undefined && args[0] !== profile) {
      throw new UsageError(
        `'minikube delete' does not take the argument "${args[0]}"`,
        `Use 'minikube delete -p ${args[0]}'.`,
      )
    }
    const all = await profileNames(home)
    if (flags.purge && !flags.all && all.some((name) => name !== profile)) {
      throw new UsageError(
        'other clusters use the home directory, too',
        "Delete them all with 'minikube delete --all --purge'.",
      )
    }
    for (const name of flags.all ? all : [profile]) {
      const { found, stayed } = await deleteCluster(home, name, flags['keep-packages'], work)
      if (!found) output.info(`There is no cluster "${name}": nothing to delete.`)
      for (const { what, why } of stayed) output.warn(`Not undone: ${what}: ${why}`)
    }
    if (flags.all && all.length === 0) output.info('There is no cluster: nothing to delete.')
    if (flags.purge) {
      await home.remove(home.root)
      output.step('Purging home dir', `Removed ${home.root}.`)
    }
    return 0
  },
})
