import { readClaim } from '../../cluster/claim.ts'
import { loadProfile, profileNames } from '../../cluster/profile-store.ts'
import { describeChange } from '../../node/ledger/change-kinds.ts'
import { Ledger } from '../../node/ledger/ledger.ts'
import { defineCommand } from '../command.ts'
import { choice } from '../flag.ts'
import { table } from '../output/table.ts'

export const ledger = defineCommand({
  name: 'ledger',
  summary: 'Lists what minikube changed on this machine',
  description:
    "Lists what minikube changed on this machine for a cluster. 'minikube delete' undoes it in reverse.",
  flags: { output: choice(['text', 'json'], 'text', 'text or json', { short: 'o' }) },
  async run({ flags, profile, home, output }) {
    if (!(await profileNames(home)).includes(profile) && !(await readClaim(profile)))
      await loadProfile(home, profile)
    const entries = (await Ledger.open(home, profile)).entries()
    if (flags.output === 'json') {
      output.print(JSON.stringify(entries))
      return 0
    }
    const rows = entries.map(({ at, state, change, why }) => [
      at.slice(0, 19).replace('T', ' '),
      state,
      change.kind,
      describeChange(change) + (why ? ` (${why})` : ''),
    ])
    output.print(table(['TIME (UTC)', 'STATE', 'KIND', 'CHANGE'], rows))
    return 0
  },
})
