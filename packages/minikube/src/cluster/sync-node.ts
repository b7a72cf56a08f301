import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { withHostsBlock } from '../node/hosts-block.ts'
import type { Change } from '../node/ledger/change.ts'
import { fileChange } from '../node/ledger/files.ts'
import { writeHosts } from '../node/ledger/hosts.ts'
import { Ledger } from '../node/ledger/ledger.ts'
import type { NodeFile } from '../node/node.ts'
import type { Work } from '../progress.ts'
import type { Cluster } from './cluster.ts'
import { filesToSync } from './files-tree.ts'

const hostsFile = '/etc/hosts'

/** Brings the user's files and the hosts block of the profile onto the node. */
export async function syncNode(cluster: Cluster, work: Work): Promise<void> {
  await Promise.all([syncHosts(cluster), syncFiles(cluster, work)])
}

/** The block holds what the user added and our own two names. True when the file changed. */
export async function syncHosts(cluster: Cluster): Promise<boolean> {
  const { profile, network, node } = cluster
  const bridge = network.bridgeAddress.split('/')[0]!
  // Two clusters on one machine would claim the same two names: those of the first slot win there.
  const own = profile.Slot === 0 ? ['host.minikube.internal', 'control-plane.minikube.internal'] : []
  const entries = [
    ...own.map((name) => ({ name, address: bridge })),
    ...profile.Hosts.map(({ Name, Address }) => ({ name: Name, address: Address })),
  ]
  return writeHosts(node, hostsFile, (text) => withHostsBlock(text, profile.Name, entries))
}

/** Mirrors the files tree onto the node; resolves to the paths that were written. */
export async function syncFiles(cluster: Cluster, work: Work): Promise<string[]> {
  const changed: NodeFile[] = []
  for (const file of await filesToSync(cluster)) {
    const present = await cluster.node.readFile(file.path)
    if (!present?.equals(file.content)) changed.push(file)
  }
  if (changed.length === 0) return []
  const ledger = await Ledger.open(cluster.home, cluster.profile.Name)
  const changes: Change[] = []
  for (const { path, content } of changed) {
    for (const parent of missingParents(path)) {
      changes.push({ kind: 'shared-directory', path: parent, previous: null })
    }
    changes.push(await fileChange(path, content))
  }
  await ledger.make(changes, cluster.node, work)
  await cluster.node.writeFiles(changed)
  return changed.map(({ path }) => path)
}

/** Directories above `path` that are not there yet, outermost first. */
function missingParents(path: string): string[] {
  const missing: string[] = []
  for (let parent = dirname(path); !existsSync(parent); parent = dirname(parent)) missing.unshift(parent)
  return missing
}
