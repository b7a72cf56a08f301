import { chmod, lchown, lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { allContainers, type NodePod } from '../pods/node-pod.ts'

const readWrite = 0o660
const readOnlyBits = 0o440
const enter = 0o110
const setGid = 0o2000

/** Gives a pod's fsGroup a volume: the group owns everything below `directory`, and what will be made in it. */
export async function applyFsGroup(
  pod: NodePod,
  directory: string,
  readOnly: boolean,
  mayTrustRoot = true,
): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {}
  if (fsGroup === undefined) return
  const bits = readOnly ? readOnlyBits : readWrite
  if (
    mayTrustRoot &&
    fsGroupChangePolicy === 'OnRootMismatch' &&
    (await rootMatches(directory, fsGroup, bits))
  ) {
    return
  }
  await change(directory, fsGroup, bits)
}

async function rootMatches(directory: string, group: number, bits: number): Promise<boolean> {
  const { gid, mode } = await stat(directory)
  const wanted = bits | enter | setGid
  return gid === group && (mode & wanted) === wanted
}

/** Children first, so that an interrupted change is seen at the root. */
async function change(path: string, group: number, bits: number): Promise<void> {
  const info = await lstat(path)
  if (info.isDirectory()) {
    for (const name of await readdir(path)) await change(join(path, name), group, bits)
  }
  await lchown(path, -1, group)
  if (info.isSymbolicLink()) return
  const more = info.isDirectory() ? setGid | enter : 0
  await chmod(path, (info.mode & 0o7777) | bits | more)
}

/** The user that all containers of a pod run as, if it is one: it then owns token files. */
export function commonUser(pod: NodePod): number | undefined {
  let common: number | undefined
  for (const { container } of allContainers(pod.spec)) {
    const user = container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser
    if (user === undefined || (common !== undefined && common !== user)) return undefined
    common = user
  }
  return common
}
