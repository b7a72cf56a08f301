import { readFile } from 'node:fs/promises'
import type { Init } from '../../call.ts'
import type { ContainerConfig, PodSandboxConfig } from '../../generated/runtime-v1.ts'
import { type Command, type CommandContext, oneArgument, text, UsageError } from '../command.ts'

/** A config file; field names may be written as in CRI's definition (`log_path`). @throws UsageError */
async function readConfig<T>(path: string): Promise<Init<T>> {
  try {
    return camelCase(JSON.parse(await readFile(path, 'utf8'))) as Init<T>
  } catch (error) {
    throw new UsageError(`load ${path}: ${(error as Error).message}`)
  }
}

/** Keys of maps (labels, annotations, sysctls) are the user's and stay. */
const maps = new Set(['labels', 'annotations', 'sysctls', 'unified'])

function camelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      maps.has(key) ? one : camelCase(one),
    ]),
  )
}

/** Does the same to every argument; goes on after a failure, and then exits with 1. */
async function each(
  context: CommandContext,
  what: string,
  ids: string[],
  work: (id: string) => Promise<unknown>,
): Promise<number> {
  if (ids.length === 0) throw new UsageError(`${what} expected`)
  let failed = 0
  for (const id of ids) {
    try {
      await work(id)
      context.write(`${id}\n`)
    } catch (error) {
      failed++
      context.writeError(`${id}: ${(error as Error).message}\n`)
    }
  }
  return failed > 0 ? 1 : 0
}

export const runp: Command = {
  usage: '[--runtime HANDLER] POD-CONFIG.json',
  about: 'Run a new pod',
  options: { runtime: { type: 'string', short: 'r' } },
  async run(context) {
    const config = await readConfig<PodSandboxConfig>(oneArgument(context, 'POD-CONFIG'))
    const runtimeHandler = text(context, 'runtime') ?? ''
    context.write(`${(await context.cri.runPodSandbox({ config, runtimeHandler })).podSandboxId}\n`)
    return 0
  },
}

export const create: Command = {
  usage: 'POD-ID CONTAINER-CONFIG.json POD-CONFIG.json',
  about: 'Make a container in a pod',
  async run({ cri, args, write }) {
    const [podSandboxId, container, pod] = args
    if (!podSandboxId || !container || !pod)
      throw new UsageError('POD-ID, CONTAINER-CONFIG and POD-CONFIG expected')
    const [config, sandboxConfig] = await Promise.all([
      readConfig<ContainerConfig>(container),
      readConfig<PodSandboxConfig>(pod),
    ])
    write(`${(await cri.createContainer({ podSandboxId, config, sandboxConfig })).containerId}\n`)
    return 0
  },
}

export const start: Command = {
  usage: 'CONTAINER-ID...',
  about: 'Start containers that were made',
  run: (context) =>
    each(context, 'CONTAINER-ID', context.args, (containerId) => context.cri.startContainer({ containerId })),
}

export const stop: Command = {
  usage: '[--timeout SECONDS] CONTAINER-ID...',
  about: 'Stop running containers',
  options: { timeout: { type: 'string', short: 't' } },
  run(context) {
    const timeout = Number(text(context, 'timeout') ?? 0)
    return each(context, 'CONTAINER-ID', context.args, (containerId) =>
      context.cri.stopContainer({ containerId, timeout }),
    )
  },
}

export const stopp: Command = {
  usage: 'POD-ID...',
  about: 'Stop running pods',
  run: (context) =>
    each(context, 'POD-ID', context.args, (podSandboxId) => context.cri.stopPodSandbox({ podSandboxId })),
}

const removal = { all: { type: 'boolean', short: 'a' }, force: { type: 'boolean', short: 'f' } } as const

export const rm: Command = {
  usage: '[--all] [--force] CONTAINER-ID...',
  about: 'Remove containers',
  options: removal,
  async run(context) {
    const { cri, options, args } = context
    const ids = options.all ? (await cri.listContainers({})).containers.map(({ id }) => id) : args
    return each(context, 'CONTAINER-ID', ids, async (containerId) => {
      if (options.force) await cri.stopContainer({ containerId, timeout: 0 })
      await cri.removeContainer({ containerId })
    })
  },
}

export const rmp: Command = {
  usage: '[--all] [--force] POD-ID...',
  about: 'Remove pods',
  options: removal,
  async run(context) {
    const { cri, options, args } = context
    const ids = options.all ? (await cri.listPodSandbox({})).items.map(({ id }) => id) : args
    return each(context, 'POD-ID', ids, async (podSandboxId) => {
      if (options.force) await cri.stopPodSandbox({ podSandboxId })
      await cri.removePodSandbox({ podSandboxId })
    })
  },
}

export const rmi: Command = {
  usage: '[--all] [--prune] IMAGE...',
  about: 'Remove images',
  options: { all: { type: 'boolean', short: 'a' }, prune: { type: 'boolean', short: 'q' } },
  async run(context) {
    const { cri, options } = context
    let ids = context.args
    if (options.all || options.prune) {
      const [{ images }, { containers }] = await Promise.all([cri.listImages({}), cri.listContainers({})])
      const used = new Set(
        containers.flatMap(({ imageRef, imageId, image }) => [imageRef, imageId, image?.image]),
      )
      ids = images.filter(({ id, pinned }) => !pinned && (options.all || !used.has(id))).map(({ id }) => id)
      if (ids.length === 0) return 0
    }
    return each(context, 'IMAGE', ids, (image) => cri.removeImage({ image: { image } }))
  },
}

export const pull: Command = {
  usage: '[--creds USER[:PASSWORD]] IMAGE',
  about: 'Pull an image',
  options: { creds: { type: 'string' }, auth: { type: 'string' } },
  async run(context) {
    const image = oneArgument(context, 'IMAGE')
    const creds = text(context, 'creds')
    const colon = creds?.indexOf(':') ?? -1
    const auth = creds
      ? {
          username: colon < 0 ? creds : creds.slice(0, colon),
          password: colon < 0 ? '' : creds.slice(colon + 1),
        }
      : { auth: text(context, 'auth') ?? '' }
    const withAuth = creds || auth.auth ? { auth } : {}
    const { imageRef } = await context.cri.pullImage(
      { image: { image }, ...withAuth },
      { signal: context.signal },
    )
    context.write(`Image is up to date for ${imageRef}\n`)
    return 0
  },
}
