import { findProfile } from '../../cluster/profile-store.ts'
import { defineCommand } from '../command.ts'
import { choice } from '../flag.ts'
import { framedTable } from '../output/table.ts'

/** What the embedded engine has in it. */
const builtIn = ['default-storageclass', 'metrics-server', 'storage-provisioner']

const list = defineCommand({
  name: 'list',
  summary: 'Lists what is built in',
  flags: { output: choice(['list', 'json'], 'list', 'list or json', { short: 'o' }) },
  async run({ flags, profile, home, output }) {
    const present = await findProfile(home, profile)
    const state = present ? 'enabled' : 'disabled'
    if (flags.output === 'json') {
      output.print(
        JSON.stringify(
          Object.fromEntries(builtIn.map((name) => [name, { Status: state, Profile: profile }])),
        ),
      )
    } else {
      output.print(
        framedTable(
          ['ADDON NAME', 'PROFILE', 'STATUS', 'MAINTAINER'],
          builtIn.map((name) => [name, profile, state, 'minikube']),
        ),
      )
    }
    return 0
  },
})

export const addons = defineCommand({
  name: 'addons',
  summary: 'Lists what is built in',
  description:
    'Lists what is built into the cluster: a default storage class with its provisioner, and metrics.',
  commands: [{ name: 'list', summary: 'Lists what is built in', load: async () => list }],
})
