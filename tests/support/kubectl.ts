import { join } from 'node:path'
import { cached } from './cache.ts'
import { unpackPackage } from './debian.ts'

/** Plain upstream kubectl (1.32), out of Debian 13's package. */
export async function kubectlBinary(): Promise<string> {
  const folder = await cached('kubectl-trixie', (path) => unpackPackage('trixie', 'kubectl', path))
  return join(folder, 'usr/bin/kubectl')
}
