import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'
import { machineName } from './profile.ts'

export interface FileToSync {
  /** On the node. */
  path: string
  content: Buffer
  mode: number
}

/** Directories that are mirrored onto a node's `/`, each over the one before. */
export function fileTrees(cluster: Cluster): string[] {
  const { home, profile, primary } = cluster
  return [
    home.path('files'),
    home.profile(profile.Name, 'files'),
    home.path('machines', machineName(profile, primary), 'files'),
  ]
}

/** What the trees come to: one file for each path. */
export async function filesToSync(cluster: Cluster): Promise<FileToSync[]> {
  const found = new Map<string, FileToSync>()
  for (const tree of fileTrees(cluster)) {
    const entries = await readdir(tree, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const source = join(entry.parentPath, entry.name)
      const info = await stat(source)
      if (!info.isFile()) continue
      const path = `/${source.slice(tree.length).replace(/^\/+/, '')}`
      found.set(path, { path, content: await readFile(source), mode: info.mode & 0o7777 })
    }
  }
  return [...found.values()]
}
