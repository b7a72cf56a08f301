import { existsSync } from 'node:fs'
import { cp, link, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf } from '../error.ts'
import { bundleDirectory, readBuild, runsFromSources } from './bundle.ts'
import { compileCache, compileCacheEnvironment, seedCompileCache } from './compile-cache.ts'

export type Program = 'control-plane' | 'node' | 'supervisor'

/** Programs as they lie on a node: argv without the programs' own arguments. */
export interface InstalledPrograms {
  argv(program: Program): string[]
  env: Record<string, string>
}

/** Old generation limits keep the collector from trading memory for time that nobody asked for. */
const nodeFlags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4', '--single-threaded-gc']

const sources: Record<Program, string> = {
  'control-plane': '../../../kubernetes/src/bin/control-plane.ts',
  node: '../../../kubernetes/src/bin/node.ts',
  supervisor: './supervisor/entry.ts',
}

/**
 * Lays the programs out below `directory`: the bundle that this command line runs from, by its build, and Node.js itself
 * (linked where possible), so that a cluster does not depend on the checkout that started it. Run from sources, they
 * are used where they are.
 */
export async function installPrograms(directory: string): Promise<InstalledPrograms> {
  const node = await installNode(directory)
  if (runsFromSources()) {
    return { argv: (program) => [node, ...nodeFlags, join(import.meta.dirname, sources[program])], env: {} }
  }
  const dist = bundleDirectory()
  const build = await readBuild(dist)
  const target = join(directory, build.id)
  if (!existsSync(target)) await copyBundle(dist, build.files, target)
  await seedCompileCache(directory, dist, build.id)
  await removeOthers(directory, [build.id, basename(node), compileCache, 'supervise'])
  const argv = (program: Program): string[] => [node, ...nodeFlags, join(target, `${program}.js`)]
  return { argv, env: compileCacheEnvironment(directory) }
}

async function copyBundle(dist: string, files: readonly string[], target: string): Promise<void> {
  const temporary = `${target}.${process.pid}.new`
  await Promise.all(
    files.map(async (file) => {
      await mkdir(dirname(join(temporary, file)), { recursive: true })
      await cp(join(dist, file), join(temporary, file))
    }),
  )
  try {
    await rename(temporary, target)
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error
    await rm(temporary, { recursive: true })
  }
}

async function installNode(directory: string): Promise<string> {
  const target = join(directory, `node-${process.version}`)
  if (existsSync(target)) return target
  await mkdir(directory, { recursive: true })
  const temporary = `${target}.${process.pid}.new`
  try {
    await link(process.execPath, temporary)
  } catch {
    // Another file system.
    await cp(process.execPath, temporary)
  }
  await rename(temporary, target)
  return target
}

async function removeOthers(directory: string, keep: readonly string[]): Promise<void> {
  const names = await readdir(directory)
  // Processes of the build before run until they are replaced, and may still load parts of it: leave the newest other.
  const others = names.filter((name) => !keep.includes(name)).sort()
  await Promise.all(
    others.slice(0, -2).map((name) => rm(join(directory, name), { recursive: true, force: true })),
  )
}
