import { MinikubeError } from '../error.ts'
import type { Change } from '../node/ledger/change.ts'
import { describeChange } from '../node/ledger/change-kinds.ts'
import type { Ledger } from '../node/ledger/ledger.ts'
import type { Work } from '../progress.ts'

/** Says what will be installed and changed, or refuses. */
export function announce(ledger: Ledger, changes: readonly Change[], install: boolean, work: Work): void {
  const fresh = changes.filter((change) => !ledger.find(change))
  const packages = fresh.filter((change) => change.kind === 'package')
  if (packages.length > 0 && !install) {
    const names = packages.map(({ name }) => name).join(', ')
    throw new MinikubeError('DRV_NEEDS_PACKAGES', `these Debian packages are missing: ${names}`, {
      advice:
        "Leave out --install=false, or install them with 'apt-get install --no-install-recommends' and those names.",
    })
  }
  if (packages.length > 0) {
    work.progress.step(
      'Downloading Artifacts',
      `Installing Debian packages, removed again by 'minikube delete': ${packages.map(({ name }) => name).join(', ')}`,
    )
  }
  const settings = fresh.filter((change) => change.kind === 'sysctl' && change.value !== change.previous)
  for (const change of settings) work.progress.info(`Going to ${describeChange(change)}`)
}

/** What a start would do, for `--dry-run`. */
export function showPlan(ledger: Ledger, changes: readonly Change[], work: Work): void {
  const fresh = changes.filter((change) => !ledger.find(change))
  work.progress.step(
    'Done',
    fresh.length === 0
      ? 'Nothing new would be changed on this machine.'
      : 'This would be done on this machine:',
  )
  for (const change of fresh) work.progress.info(describeChange(change))
}
