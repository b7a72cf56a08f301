import { existsSync } from 'node:fs'
import { cp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { bundleDirectory, readBuild, runsFromSources } from './bundle.ts'

/** What Node.js compiled of the programs, below the directory that they lie in; their environment names it. */
export const compileCache = 'compile-cache'

/** Environment in which programs use the cache, wherever the directory is. */
export function compileCacheEnvironment(directory: string): Record<string, string> {
  return { NODE_COMPILE_CACHE: join(directory, compileCache), NODE_COMPILE_CACHE_PORTABLE: '1' }
}

/** Gives programs that are new at `directory` what was compiled of the same build before. */
export async function seedCompileCache(directory: string, dist: string, build: string): Promise<void> {
  const cache = join(directory, compileCache)
  if (!existsSync(cache)) await copyTree(keptCache(dist, build), cache)
}

/**
 * Keeps, beside the bundle, what was compiled while a cluster ran, for the next new cluster. Call it when its programs
 * have ended; that it cannot be written is no trouble.
 */
export async function keepCompileCache(directory: string): Promise<void> {
  if (runsFromSources()) return
  try {
    const dist = bundleDirectory()
    const kept = keptCache(dist, (await readBuild(dist)).id)
    if (existsSync(kept)) return
    await rm(dirname(kept), { recursive: true, force: true })
    await copyTree(join(directory, compileCache), kept)
  } catch {
    // The bundle belongs to somebody else.
  }
}

function keptCache(dist: string, build: string): string {
  return join(dist, '.engine-cache', build)
}

/** Nothing when there is nothing to copy; the copy appears whole. */
async function copyTree(source: string, target: string): Promise<void> {
  if (!existsSync(source)) return
  const temporary = `${target}.${process.pid}.new`
  await cp(source, temporary, { recursive: true })
  await rename(temporary, target).catch(() => rm(temporary, { recursive: true }))
}
