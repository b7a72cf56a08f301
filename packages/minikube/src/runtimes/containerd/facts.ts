import type { Node } from '../../node/node.ts'
import type { RuntimeLayout } from '../runtime.ts'
import { type ContainerdFacts, containerdPaths } from './configuration.ts'

const capSysResource = 1n << 24n

/** What the configuration has to reckon with on this node. */
export async function containerdFacts(
  node: Node,
  layout: RuntimeLayout,
): Promise<Omit<ContainerdFacts, 'sandboxImage'>> {
  const [version, snapshotter, restrictOomScore, disableAppArmor] = await Promise.all([
    node.run(['containerd', '--version']),
    chooseSnapshotter(node, layout),
    lacksSysResource(node),
    lacksAppArmor(node),
  ])
  const major = Number(/\bv?(\d+)\.\d+\.\d+/.exec(version.stdout.toString())?.[1] ?? 1)
  return { major, snapshotter, restrictOomScore, disableAppArmor }
}

/** The one that is in use stays, since images are unpacked in it; at first overlayfs is tried. */
async function chooseSnapshotter(node: Node, layout: RuntimeLayout): Promise<'overlayfs' | 'native'> {
  const configured = (await node.readFile(containerdPaths(layout).config))?.toString()
  const known = /snapshotter = "(overlayfs|native)"/.exec(configured ?? '')?.[1]
  if (known === 'overlayfs' || known === 'native') return known
  const script = `set -e; d=$(mktemp -d "$1/try-XXXXXX"); trap 'rm -rf "$d"' EXIT; mkdir "$d/l" "$d/u" "$d/w" "$d/m"
mount -t overlay overlay -o "lowerdir=$d/l,upperdir=$d/u,workdir=$d/w" "$d/m"; umount "$d/m"`
  await node.mkdir(layout.dataDir)
  const tried = await node.run(['sh', '-c', script, 'sh', layout.dataDir], { allowFailure: true })
  return tried.exitCode === 0 ? 'overlayfs' : 'native'
}

async function lacksSysResource(node: Node): Promise<boolean> {
  const { stdout } = await node.run(['cat', '/proc/self/status'])
  const sets = [...stdout.toString().matchAll(/^Cap(?:Eff|Bnd):\s*([0-9a-f]+)$/gm)]
  return sets.some(([, bits]) => (BigInt(`0x${bits}`) & capSysResource) === 0n)
}

async function lacksAppArmor(node: Node): Promise<boolean> {
  const { exitCode } = await node.run(
    ['sh', '-c', 'command -v apparmor_parser && test -d /sys/kernel/security/apparmor'],
    {
      allowFailure: true,
    },
  )
  return exitCode !== 0
}
