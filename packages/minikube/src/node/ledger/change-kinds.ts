import { cgroup } from './cgroup.ts'
import type { Change, ChangeKind, ChangeOf } from './change.ts'
import { directory, file, files, sharedDirectory } from './files.ts'
import { hostsBlock } from './hosts.ts'
import { kernelModule } from './kernel-module.ts'
import { forwardRules, networkInterface, nftTable, route } from './network.ts'
import { packages } from './packages.ts'
import { processes } from './processes.ts'
import { sysctl } from './sysctl.ts'
import { unit } from './unit.ts'

const kinds: { [K in Change['kind']]: ChangeKind<ChangeOf<K>> } = {
  package: packages,
  directory,
  'shared-directory': sharedDirectory,
  files,
  file,
  'hosts-block': hostsBlock,
  sysctl,
  interface: networkInterface,
  route,
  'nft-table': nftTable,
  'forward-rules': forwardRules,
  'kernel-module': kernelModule,
  cgroup,
  unit,
  processes,
}

/** How a kind of change is handled. */
export function changeKind(kind: Change['kind']): ChangeKind<Change> {
  return kinds[kind] as unknown as ChangeKind<Change>
}

/** Tells a change from all others, within a machine. */
export function identityOfChange(change: Change): string {
  return `${change.kind} ${changeKind(change.kind).identity(change)}`
}

export function describeChange(change: Change): string {
  return changeKind(change.kind).describe(change)
}
