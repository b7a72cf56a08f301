import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { basename, isAbsolute } from 'node:path'
import { type Cluster, openCluster } from '../../cluster/cluster.ts'
import { machineName } from '../../cluster/profile.ts'
import { loadProfile } from '../../cluster/profile-store.ts'
import { requireNode } from '../../cluster/require-node.ts'
import { MinikubeError, messageOf } from '../../error.ts'
import { defineCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'

interface Place {
  /** Undefined: this machine. */
  node: string | undefined
  path: string
}

export const cp = defineCommand({
  name: 'cp',
  summary: 'Copies a file to or from a node',
  usage: '[NODE:]SOURCE [NODE:]TARGET',
  args: { min: 2, max: 2 },
  examples: ['minikube cp a.txt /home/docker/b.txt', 'minikube cp minikube:/etc/hosts hosts.txt'],
  async run({ args, profile, home }) {
    const cluster = await openCluster(home, await loadProfile(home, profile))
    const source = place(args[0]!, cluster)
    const written = place(args[1]!, cluster)
    // With no node named at all, the target is the node.
    const target =
      source.node === undefined && written.node === undefined
        ? { ...written, node: machineName(cluster.profile, cluster.primary) }
        : written
    for (const { node, path } of [source, target]) {
      if (node === undefined) continue
      requireNode(cluster, node)
      if (!isAbsolute(path)) throw new UsageError(`"${path}" is not an absolute path on the node`)
    }
    try {
      await copy(cluster, source, target)
    } catch (error) {
      throw new MinikubeError('GUEST_CP', `${args[0]} cannot be copied to ${args[1]}: ${messageOf(error)}`)
    }
    return 0
  },
})

async function copy(cluster: Cluster, source: Place, target: Place): Promise<void> {
  if (source.node === undefined) {
    const mode = (await stat(source.path)).mode & 0o7777
    const path = target.path.endsWith('/') ? `${target.path}${basename(source.path)}` : target.path
    await cluster.node.writeFile(path, createReadStream(source.path), mode)
    return
  }
  const content = await cluster.node.readFile(source.path)
  if (!content) throw new Error('there is no such file on the node')
  if (target.node === undefined) await writeFile(target.path, content)
  else await cluster.node.writeFile(target.path, content)
}

/** `node:path` names a node only when there is one of that name: local files may have a colon. */
function place(text: string, cluster: Cluster): Place {
  const colon = text.indexOf(':')
  const name = colon > 0 ? text.slice(0, colon) : ''
  const names = [
    cluster.node.name,
    ...cluster.profile.Nodes.flatMap((node) => [node.Name, machineName(cluster.profile, node)]),
  ]
  if (name === '' || !names.includes(name)) return { node: undefined, path: text }
  return { node: name, path: text.slice(colon + 1) }
}
