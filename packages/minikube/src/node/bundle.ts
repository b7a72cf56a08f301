import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What `scripts/bundle.ts` wrote: `build.json` beside the programs. */
export interface Build {
  id: string
  files: string[]
}

/** Whether this program runs from sources, without a bundle. */
export function runsFromSources(): boolean {
  return import.meta.filename.endsWith('.ts')
}

/** This module is in a chunk, at the top of the bundle or a directory below. */
export function bundleDirectory(): string {
  const here = import.meta.dirname
  return existsSync(join(here, 'build.json')) ? here : dirname(here)
}

export async function readBuild(dist: string): Promise<Build> {
  return JSON.parse(await readFile(join(dist, 'build.json'), 'utf8')) as Build
}
