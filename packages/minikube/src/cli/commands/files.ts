import { watch } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { type Cluster, openCluster } from '../../cluster/cluster.ts'
import { filesToSync, fileTrees } from '../../cluster/files-tree.ts'
import { loadProfile } from '../../cluster/profile-store.ts'
import { requireRoot } from '../../cluster/require-root.ts'
import { syncFiles } from '../../cluster/sync-node.ts'
import { type Command, defineCommand } from '../command.ts'
import { bool } from '../flag.ts'
import type { Output } from '../output/output.ts'

const sync: Command = defineCommand({
  name: 'sync',
  summary: 'Mirrors the files now',
  flags: { watch: bool(false, 'Go on, and mirror what changes', { short: 'w' }) },
  async run({ flags, profile, home, output, work }) {
    const cluster = await openCluster(home, await loadProfile(home, profile))
    requireRoot(cluster, 'files sync')
    const once = async (): Promise<void> => show(await syncFiles(cluster, work), output)
    await once()
    if (flags.watch) await onChange(cluster, work.signal, once)
    return 0
  },
})

const diff: Command = defineCommand({
  name: 'diff',
  summary: 'Shows which files on the node differ',
  async run({ profile, home, output }) {
    const cluster = await openCluster(home, await loadProfile(home, profile))
    let differs = false
    for (const { path, content } of await filesToSync(cluster)) {
      const present = await cluster.node.readFile(path)
      if (present?.equals(content)) continue
      differs = true
      output.print(`${present ? 'differs' : 'missing'}  ${path}`)
    }
    return differs ? 1 : 0
  },
})

export const files = defineCommand({
  name: 'files',
  summary: 'Mirrors the files tree to the nodes',
  description:
    "Mirrors files to / of the nodes: those in minikube's home below files, over them those of the profile (profiles/NAME/files), over them those of the node (machines/NAME/files).",
  commands: [sync, diff].map((command) => ({
    name: command.name,
    summary: command.summary,
    load: async () => command,
  })),
})

function show(paths: readonly string[], output: Output): void {
  output.step('Done', paths.length === 0 ? 'All files are as they should be.' : `Wrote ${paths.join(', ')}`)
}

/** Calls back after each burst of changes below the trees, one at a time, until the signal. */
async function onChange(cluster: Cluster, signal: AbortSignal, action: () => Promise<void>): Promise<void> {
  let queue = Promise.resolve()
  let pending = false
  const changed = (): void => {
    if (pending) return
    pending = true
    queue = queue.then(() => {
      pending = false
      return action()
    })
  }
  const watchers = await Promise.all(
    fileTrees(cluster).map(async (tree) => {
      await mkdir(tree, { recursive: true })
      return watch(tree, { recursive: true }, changed)
    }),
  )
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    for (const watcher of watchers) watcher.once('error', reject)
  })
  for (const watcher of watchers) watcher.close()
  await queue
}
