import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hierarchies } from '../node/ledger/cgroup.ts'
import { cgroupOf } from './cluster.ts'

/** Freezes or thaws the cgroup that all containers are in: cgroup.freeze (version 2) or freezer.state (version 1). */
export async function freezeContainers(profile: string, frozen: boolean): Promise<void> {
  for (const root of await hierarchies()) {
    const group = join(root, cgroupOf(profile))
    const [second, first] = [join(group, 'cgroup.freeze'), join(group, 'freezer.state')]
    if (existsSync(second)) await writeFile(second, frozen ? '1' : '0')
    else if (existsSync(first)) await writeFile(first, frozen ? 'FROZEN' : 'THAWED')
  }
}
