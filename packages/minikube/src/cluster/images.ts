import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MinikubeError, messageOf } from '../error.ts'
import type { Home } from '../home.ts'
import { LocalNode } from '../node/local-node.ts'
import { CommandFailed } from '../node/node.ts'
import type { Work } from '../progress.ts'
import type { ReasonId } from '../reasons.ts'
import { wholeImageName } from '../runtimes/image-name.ts'
import type { ImageRecord } from '../runtimes/runtime.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { loadProfile } from './profile-store.ts'
import { requireRoot } from './require-root.ts'
import { notRunning } from './require-running.ts'

/** Loads what an archive (a path, `-`) holds, or an image that docker or podman of this machine has. */
export async function loadImages(home: Home, profile: string, name: string, work: Work): Promise<string[]> {
  const cluster = await serving(home, profile)
  const { source, finished } = openArchive(name)
  const [loaded] = await Promise.all([
    cluster.runtime.loadImage(cluster.node, cluster.runtimeLayout, source, work),
    finished,
  ])
  if (loaded.length === 0) {
    throw new MinikubeError('GUEST_IMAGE_LOAD', `${name} holds no image with a name`, {
      advice: "Give the image a name when it is saved: 'docker save NAME'.",
    })
  }
  return loaded
}

export async function listImages(home: Home, profile: string): Promise<ImageRecord[]> {
  const cluster = await serving(home, profile)
  return told('GUEST_IMAGE_LIST', 'images cannot be listed', () =>
    cluster.runtime.listImages(cluster.node, cluster.runtimeLayout),
  )
}

export async function removeImage(home: Home, profile: string, name: string): Promise<void> {
  const cluster = await serving(home, profile)
  const image = await requireImage(cluster, name, 'GUEST_IMAGE_REMOVE')
  await told('GUEST_IMAGE_REMOVE', `${name} cannot be removed`, () =>
    // An id stands for every name of the image, a name for itself alone.
    cluster.runtime.removeImage(
      cluster.node,
      cluster.runtimeLayout,
      image.tags.includes(wholeImageName(name)) ? wholeImageName(name) : image.id,
    ),
  )
}

export async function tagImage(home: Home, profile: string, source: string, target: string): Promise<void> {
  const cluster = await serving(home, profile)
  const image = await requireImage(cluster, source, 'GUEST_IMAGE_TAG')
  const name = image.tags[0] ?? image.digests[0] ?? image.id
  const whole = wholeImageName(source)
  await cluster.runtime.tagImage(
    cluster.node,
    cluster.runtimeLayout,
    image.tags.includes(whole) ? whole : name,
    wholeImageName(target),
  )
}

export async function pullImage(home: Home, profile: string, name: string, work: Work): Promise<void> {
  const cluster = await serving(home, profile)
  await told('GUEST_IMAGE_PULL', `${name} cannot be pulled`, () =>
    cluster.runtime.pullImage(cluster.node, cluster.runtimeLayout, wholeImageName(name), work),
  )
}

export async function pushImage(home: Home, profile: string, name: string, work: Work): Promise<void> {
  const cluster = await serving(home, profile)
  await requireImage(cluster, name, 'GUEST_IMAGE_PUSH')
  await cluster.runtime.pushImage(cluster.node, cluster.runtimeLayout, wholeImageName(name), work)
}

/** Writes an archive; a file appears only when it is whole. */
export async function saveImage(
  home: Home,
  profile: string,
  name: string,
  target: string,
  work: Work,
): Promise<void> {
  const cluster = await serving(home, profile)
  await requireImage(cluster, name, 'GUEST_IMAGE_SAVE')
  const archive = cluster.runtime.saveImage(cluster.node, cluster.runtimeLayout, [wholeImageName(name)])
  if (target === '-') {
    await pipeline(archive, process.stdout, { signal: work.signal, end: false })
    return
  }
  const temporary = `${target}.${process.pid}.new`
  try {
    await pipeline(archive, createWriteStream(temporary), { signal: work.signal })
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    if (error instanceof MinikubeError) throw error
    throw new MinikubeError('GUEST_IMAGE_SAVE', `${target} cannot be written: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** The cluster when its runtime can be asked. */
export async function serving(home: Home, profile: string): Promise<Cluster> {
  const cluster = await openCluster(home, await loadProfile(home, profile))
  requireRoot(cluster, 'image')
  const status = await cluster.supervisor.status()
  if (status?.services.some(({ name, state }) => name === cluster.runtime.name && state === 'ready'))
    return cluster
  throw notRunning(profile)
}

async function requireImage(cluster: Cluster, name: string, reason: ReasonId): Promise<ImageRecord> {
  const images = await cluster.runtime.listImages(cluster.node, cluster.runtimeLayout)
  const whole = wholeImageName(name)
  const found = images.find(
    ({ id, tags, digests }) =>
      tags.includes(whole) ||
      digests.includes(whole) ||
      id === name ||
      id === `sha256:${name}` ||
      (name.length >= 6 && id.startsWith(`sha256:${name}`)),
  )
  if (found) return found
  throw new MinikubeError(reason, `the cluster has no image "${name}"`, {
    advice: "'minikube image ls' shows those that it has.",
  })
}

function openArchive(name: string): { source: Readable; finished: Promise<unknown> } {
  if (name === '-') return { source: process.stdin, finished: Promise.resolve() }
  if (name.startsWith('/') || name.startsWith('.') || existsSync(name)) {
    if (!existsSync(name)) throw new MinikubeError('HOST_PATH_MISSING', `there is no file ${name}`)
    return { source: createReadStream(name), finished: Promise.resolve() }
  }
  const stream = new PassThrough()
  return { source: stream, finished: saveFromEngine(name, stream) }
}

/** docker, then podman: whoever has the image. */
async function saveFromEngine(name: string, stream: PassThrough): Promise<void> {
  const node = new LocalNode('localhost')
  for (const argv of [
    ['docker', 'save', name],
    ['podman', 'save', '--format', 'docker-archive', name],
  ]) {
    const has = await node
      .run([argv[0]!, 'image', 'inspect', name], { allowFailure: true })
      .catch(() => undefined)
    if (has?.exitCode !== 0) continue
    try {
      await node.run(argv, { stdout: stream, collect: false })
      stream.end()
      return
    } catch (error) {
      stream.destroy()
      throw new MinikubeError(
        'GUEST_IMAGE_LOAD',
        `${argv[0]} cannot save ${name}: ${error instanceof CommandFailed ? error.stderr : messageOf(error)}`,
      )
    }
  }
  stream.destroy()
  throw new MinikubeError(
    'GUEST_IMAGE_LOAD',
    `"${name}" is no file, and neither docker nor podman of this machine has such an image`,
    {
      advice: 'Give the path of an archive.',
    },
  )
}

/** Gives an error of the runtime a reason and a sentence. */
async function told<T>(reason: ReasonId, what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof MinikubeError) throw error
    throw new MinikubeError(reason, `${what}: ${messageOf(error)}`, { cause: error })
  }
}
