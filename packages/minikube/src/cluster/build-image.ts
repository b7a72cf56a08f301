import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { MinikubeError } from '../error.ts'
import type { Home } from '../home.ts'
import { Ledger } from '../node/ledger/ledger.ts'
import { CommandFailed } from '../node/node.ts'
import type { Work } from '../progress.ts'
import { wholeImageName } from '../runtimes/image-name.ts'
import { Builder } from './builder.ts'
import type { Cluster } from './cluster.ts'
import { baseImages } from './dockerfile.ts'
import { serving } from './images.ts'

export interface BuildRequest {
  /** A directory, or `-` for a tar on standard input. */
  context: string
  /** Dockerfile; relative to the directory. */
  file: string
  tags: readonly string[]
  /** `name=value`, as options of the builder without `--`. */
  options: readonly string[]
  env: readonly string[]
}

/** Builds an image and loads it into the cluster; resolves to its names. */
export async function buildImage(
  home: Home,
  profile: string,
  request: BuildRequest,
  work: Work,
): Promise<string[]> {
  const cluster = await serving(home, profile)
  const builder = await Builder.open(cluster, work)
  await recordTraces(cluster, work)
  await cluster.node.mkdir(join(cluster.layout.run, 'build'))
  const scratch = await mkdtemp(join(cluster.layout.run, 'build', 'work-'))
  try {
    const context = await contextDirectory(cluster, request.context, scratch)
    const file = await dockerfile(context, request.file)
    await provideBases(cluster, builder, await readFile(file, 'utf8'), scratch)
    const names =
      request.tags.length > 0
        ? request.tags.map(wholeImageName)
        : [`docker.io/library/minikube-build:${Date.now()}`]
    await told('the image cannot be built', () =>
      builder.run(
        [
          'build',
          ...request.options.map((option) => `--${option}`),
          '--isolation=chroot',
          '--layers',
          '--pull=false',
          `--tag=${names[0]}`,
          `--file=${file}`,
          context,
        ],
        {
          work,
          env: Object.fromEntries(
            request.env.map((item) => [item.split('=')[0]!, item.slice(item.indexOf('=') + 1)]),
          ),
          show: true,
        },
      ),
    )
    const loaded = await cluster.runtime.loadImage(
      cluster.node,
      cluster.runtimeLayout,
      builder.save(names[0]!, join(scratch, 'image')),
      work,
    )
    for (const name of names.slice(1))
      await cluster.runtime.tagImage(cluster.node, cluster.runtimeLayout, loaded[0]!, name)
    return [...loaded, ...names.slice(1)]
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** The builder keeps a cache where it is compiled to. */
async function recordTraces(cluster: Cluster, work: Work): Promise<void> {
  const ledger = await Ledger.open(cluster.home, cluster.profile.Name)
  const directories = ['/var/lib/containers', '/var/lib/containers/cache']
  if (ledger.find({ kind: 'shared-directory', path: directories[0]!, previous: null })) return
  const previous = (path: string): 'present' | null => (existsSync(path) ? 'present' : null)
  await ledger.make(
    [
      ...directories.map((path) => ({ kind: 'shared-directory' as const, path, previous: previous(path) })),
      ...(previous(directories[1]!) === null
        ? [{ kind: 'files' as const, directory: directories[1]!, prefix: 'blob-info-cache' }]
        : []),
    ],
    cluster.node,
    work,
  )
}

async function contextDirectory(cluster: Cluster, context: string, scratch: string): Promise<string> {
  if (context === '-') {
    const directory = join(scratch, 'context')
    await told('the context on standard input is no tar', () => cluster.node.unpack(process.stdin, directory))
    return directory
  }
  const directory = resolve(context)
  const info = await stat(directory).catch(() => undefined)
  if (info?.isDirectory()) return directory
  throw new MinikubeError('HOST_PATH_MISSING', `there is no directory ${context} to build from`)
}

async function dockerfile(context: string, file: string): Promise<string> {
  const candidates = file === '' ? ['Dockerfile', 'Containerfile'] : [file]
  const found = candidates.map((name) => resolve(context, name)).find((path) => existsSync(path))
  if (found) return found
  throw new MinikubeError('HOST_PATH_MISSING', `there is no ${candidates.join(' or ')} in ${context}`, {
    advice: 'Name it with -f.',
  })
}

/** Bases that the cluster has are given to the builder: it does not look into the cluster by itself. */
async function provideBases(
  cluster: Cluster,
  builder: Builder,
  text: string,
  scratch: string,
): Promise<void> {
  const images = await cluster.runtime.listImages(cluster.node, cluster.runtimeLayout)
  const known = new Set(images.flatMap(({ tags }) => tags))
  for (const base of baseImages(text)) {
    const name = wholeImageName(base)
    if (!known.has(name)) continue
    const archive = join(scratch, 'base.tar')
    await cluster.node.writeFile(
      archive,
      cluster.runtime.saveImage(cluster.node, cluster.runtimeLayout, [name]),
    )
    await told(`the base ${base} cannot be used`, () =>
      builder.run(['pull', `docker-archive:${archive}`], {}),
    )
    await rm(archive)
  }
}

async function told<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    const line =
      error.stderr
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^Error: /, '') ?? error.message
    throw new MinikubeError('GUEST_IMAGE_BUILD', `${what}: ${line}`, { cause: error })
  }
}
