import { access, constants, mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { MinikubeError, messageOf } from '../error.ts'
import type { Home } from '../home.ts'
import { LocalNode } from '../node/local-node.ts'
import { unpackPackages } from '../node/private-packages.ts'
import type { Work } from '../progress.ts'

/**
 * A kubectl: the one on PATH (unless that is this program under its other name), else the one out of Debian's package,
 * unpacked below minikube's home without being installed.
 */
export async function findKubectl(
  home: Home,
  env: Record<string, string | undefined>,
  work: Work,
): Promise<string> {
  const own =
    env.MINIKUBE_LAUNCHER === undefined
      ? undefined
      : await realpath(env.MINIKUBE_LAUNCHER).catch(() => undefined)
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    const path = join(directory, 'kubectl')
    const real = await realpath(path).catch(() => undefined)
    if (real === undefined || real === own) continue
    if (await executable(path)) return path
  }
  const cached = home.path('cache', process.platform, process.arch, 'kubectl')
  if (await executable(cached)) return cached
  work.progress.warn(
    "There is no kubectl on this machine: taking that of the Debian package kubernetes-client, unpacked in minikube's home.",
  )
  await unpackKubectl(home, cached, work)
  return cached
}

async function unpackKubectl(home: Home, target: string, work: Work): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'kubectl-'))
  try {
    await unpackPackages(new LocalNode('localhost'), ['kubernetes-client'], join(directory, 'root'), work)
    await home.write(target, await readFile(join(directory, 'root', 'usr', 'bin', 'kubectl')), 0o755)
  } catch (error) {
    work.signal.throwIfAborted()
    throw new MinikubeError('INET_CACHE_KUBECTL', `kubectl cannot be got from Debian: ${messageOf(error)}`, {
      advice: 'Install kubectl by hand and put it on PATH.',
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
