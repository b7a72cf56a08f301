import { keepCompileCache } from '../node/compile-cache.ts'
import type { Change } from '../node/ledger/change.ts'
import { changeKind } from '../node/ledger/change-kinds.ts'
import type { Work } from '../progress.ts'
import { ownChanges } from './changes.ts'
import type { Cluster } from './cluster.ts'
import { freezeContainers } from './freeze-containers.ts'
import { unitName, usesSystemd } from './service-unit.ts'

/** What a machine forgets when it is switched off, and so do we when a cluster stops. */
const forgotten = new Set<Change['kind']>([
  'processes',
  'cgroup',
  'interface',
  'route',
  'nft-table',
  'forward-rules',
])

/**
 * Brings the cluster's part of the machine into the state after a power-off: no process, mount, interface, table, cgroup
 * or socket, all data. `graceful`: containers are asked to end first.
 */
export async function powerOff(cluster: Cluster, graceful: boolean, work: Work): Promise<void> {
  const { supervisor, runtime, runtimeLayout, node, layout, profile } = cluster
  // What is frozen hears no signal.
  await freezeContainers(profile.Name, false)
  if (graceful) {
    // Without the kubelet nobody starts again what is stopped now.
    await supervisor.stop(['node'])
    await runtime.stopContainers(node, runtimeLayout, work)
  }
  await supervisor.stop()
  await keepCompileCache(layout.engine)
  if (usesSystemd()) {
    await node.run(['systemctl', 'disable', '--quiet', '--now', unitName(profile.Name)], {
      allowFailure: true,
    })
  }
  const changes = ownChanges(cluster).reverse()
  for (const change of changes.filter(({ kind }) => forgotten.has(kind))) {
    await changeKind(change.kind).undo([change], node)
  }
  const runDirectory: Change = { kind: 'directory', path: layout.run }
  await changeKind('directory').undo([runDirectory], node)
  const { unmountBelow } = await import('../node/ledger/mounts.ts')
  // A disk that somebody mounted for our data was not ours to mount, and a restart of the machine brings it back.
  await unmountBelow(layout.kubelet)
  await unmountBelow(runtimeLayout.dataDir, false)
}
