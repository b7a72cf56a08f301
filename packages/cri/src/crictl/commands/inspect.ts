import { ContainerState, PodSandboxState } from '../../generated/runtime-v1.ts'
import { type Command, type CommandContext, oneArgument } from '../command.ts'
import { json, nameOf } from '../output.ts'

const options = { output: { type: 'string', short: 'o' }, quiet: { type: 'boolean', short: 'q' } } as const

/** Nanoseconds as RFC 3339. */
function time(nanoseconds: number): string {
  return new Date(nanoseconds / 1e6).toISOString()
}

/** What the runtime adds of its own is JSON in strings. */
function parsed(info: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(info).map(([key, value]) => {
      try {
        return [key, JSON.parse(value) as unknown]
      } catch {
        return [key, value]
      }
    }),
  )
}

function show(context: CommandContext, status: object | undefined, info: Record<string, string>): number {
  const extra = parsed(info)
  context.write(
    json({ status, ...('info' in extra && Object.keys(extra).length === 1 ? extra : { info: extra }) }),
  )
  return 0
}

export const inspect: Command = {
  usage: '[options] CONTAINER-ID',
  about: 'Show the status of a container',
  options,
  async run(context) {
    const containerId = oneArgument(context, 'CONTAINER-ID')
    const { status, info } = await context.cri.containerStatus({
      containerId,
      verbose: !context.options.quiet,
    })
    return show(
      context,
      status && {
        ...status,
        state: nameOf(ContainerState, status.state),
        createdAt: time(status.createdAt),
        startedAt: time(status.startedAt),
        finishedAt: time(status.finishedAt),
      },
      info,
    )
  },
}

export const inspectp: Command = {
  usage: '[options] POD-ID',
  about: 'Show the status of a pod',
  options,
  async run(context) {
    const podSandboxId = oneArgument(context, 'POD-ID')
    const { status, info } = await context.cri.podSandboxStatus({
      podSandboxId,
      verbose: !context.options.quiet,
    })
    return show(
      context,
      status && {
        ...status,
        state: nameOf(PodSandboxState, status.state),
        createdAt: time(status.createdAt),
      },
      info,
    )
  },
}

export const inspecti: Command = {
  usage: '[options] IMAGE-ID',
  about: 'Show the status of an image',
  options,
  async run(context) {
    const image = oneArgument(context, 'IMAGE-ID')
    const answer = await context.cri.imageStatus({ image: { image }, verbose: !context.options.quiet })
    if (!answer.image) {
      context.writeError(`no such image "${image}" present\n`)
      return 1
    }
    return show(context, answer.image, answer.info)
  },
}

export const version: Command = {
  usage: '',
  about: 'Show the version of the runtime',
  async run({ cri, write }) {
    const answer = await cri.version({ version: 'v1' })
    write(
      `Version:  ${answer.version}\nRuntimeName:  ${answer.runtimeName}\nRuntimeVersion:  ${answer.runtimeVersion}\nRuntimeApiVersion:  ${answer.runtimeApiVersion}\n`,
    )
    return 0
  },
}

export const info: Command = {
  usage: '[options]',
  about: 'Show what the runtime says of itself',
  options,
  async run(context) {
    const {
      status,
      info: own,
      runtimeHandlers,
      features,
    } = await context.cri.status({ verbose: !context.options.quiet })
    context.write(json({ status, runtimeHandlers, features, ...parsed(own) }))
    return 0
  },
}

export const imagefsinfo: Command = {
  usage: '',
  about: 'Show what images take up',
  async run({ cri, write }) {
    write(json({ status: await cri.imageFsInfo({}) }))
    return 0
  },
}
