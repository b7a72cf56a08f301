import { ContainerState, PodSandboxState } from '../../generated/runtime-v1.ts'
import { type Command, type CommandContext, labels, text, UsageError } from '../command.ts'
import { age, nameOf, shortId, size, structured, table } from '../output.ts'

const listOptions = {
  quiet: { type: 'boolean', short: 'q' },
  output: { type: 'string', short: 'o' },
  label: { type: 'string', multiple: true },
  name: { type: 'string' },
  namespace: { type: 'string' },
  state: { type: 'string', short: 's' },
  latest: { type: 'boolean', short: 'l' },
  last: { type: 'string', short: 'n' },
  'no-trunc': { type: 'boolean' },
} as const

/** Newest first, as many as were asked for, with a name that fits. */
function select<T extends { createdAt: number; metadata?: { name: string } }>(
  context: CommandContext,
  items: T[],
  namespaceOf: (item: T) => string | undefined,
): T[] {
  const pattern = text(context, 'name')
  const namespace = text(context, 'namespace')
  const last = context.options.latest ? 1 : Number(text(context, 'last') ?? 0)
  const fitting = items
    .filter(({ metadata }) => !pattern || new RegExp(pattern).test(metadata?.name ?? ''))
    .filter((item) => !namespace || new RegExp(namespace).test(namespaceOf(item) ?? ''))
    .sort((a, b) => b.createdAt - a.createdAt)
  return last > 0 ? fitting.slice(0, last) : fitting
}

const containerStates = {
  created: ContainerState.CONTAINER_CREATED,
  running: ContainerState.CONTAINER_RUNNING,
  exited: ContainerState.CONTAINER_EXITED,
  unknown: ContainerState.CONTAINER_UNKNOWN,
} as const
const containerStateNames = ['Created', 'Running', 'Exited', 'Unknown']

export const ps: Command = {
  usage: '[options]',
  about: 'List containers',
  options: {
    ...listOptions,
    all: { type: 'boolean', short: 'a' },
    id: { type: 'string' },
    pod: { type: 'string', short: 'p' },
    image: { type: 'string' },
  },
  async run(context) {
    const { cri, options } = context
    const wanted = text(context, 'state')?.toLowerCase()
    if (wanted && !(wanted in containerStates))
      throw new UsageError(`--state should be one of ${Object.keys(containerStates).join(', ')}`)
    const everything = options.all || options.latest || options.last || wanted
    const state = wanted
      ? containerStates[wanted as keyof typeof containerStates]
      : ContainerState.CONTAINER_RUNNING
    const { containers } = await cri.listContainers({
      filter: {
        id: text(context, 'id') ?? '',
        podSandboxId: text(context, 'pod') ?? '',
        labelSelector: labels(context),
        ...((wanted || !everything) && { state: { state } }),
      },
    })
    const image = text(context, 'image')
    const selected = select(context, containers, (each) => each.labels['io.kubernetes.pod.namespace']).filter(
      (container) => !image || container.image?.image === image || container.imageRef.includes(image),
    )
    if (
      await structured(context, {
        containers: selected.map((each) => ({ ...each, state: nameOf(ContainerState, each.state) })),
      })
    )
      return 0
    const id = options['no-trunc'] ? (full: string): string => full : shortId
    if (options.quiet) {
      context.write(selected.map((container) => `${container.id}\n`).join(''))
      return 0
    }
    context.write(
      table(
        ['CONTAINER', 'IMAGE', 'CREATED', 'STATE', 'NAME', 'ATTEMPT', 'POD ID', 'POD', 'NAMESPACE'],
        selected.map((container) => [
          id(container.id),
          id(container.image?.image ?? ''),
          age(container.createdAt),
          containerStateNames[container.state] ?? 'Unknown',
          container.metadata?.name ?? '',
          String(container.metadata?.attempt ?? 0),
          id(container.podSandboxId),
          container.labels['io.kubernetes.pod.name'] ?? 'unknown',
          container.labels['io.kubernetes.pod.namespace'] ?? 'unknown',
        ]),
      ),
    )
    return 0
  },
}

export const pods: Command = {
  usage: '[options]',
  about: 'List pods',
  options: { ...listOptions, id: { type: 'string' } },
  async run(context) {
    const { cri, options } = context
    const wanted = text(context, 'state')?.toLowerCase()
    if (wanted && wanted !== 'ready' && wanted !== 'notready')
      throw new UsageError('--state should be ready or notready')
    const state = wanted === 'notready' ? PodSandboxState.SANDBOX_NOTREADY : PodSandboxState.SANDBOX_READY
    const { items } = await cri.listPodSandbox({
      filter: {
        id: text(context, 'id') ?? '',
        labelSelector: labels(context),
        ...(wanted && { state: { state } }),
      },
    })
    const selected = select(context, items, ({ metadata }) => metadata?.namespace)
    if (
      await structured(context, {
        items: selected.map((each) => ({ ...each, state: nameOf(PodSandboxState, each.state) })),
      })
    )
      return 0
    const id = options['no-trunc'] ? (full: string): string => full : shortId
    context.write(
      options.quiet
        ? selected.map((pod) => `${pod.id}\n`).join('')
        : table(
            ['POD ID', 'CREATED', 'STATE', 'NAME', 'NAMESPACE', 'ATTEMPT', 'RUNTIME'],
            selected.map((pod) => [
              id(pod.id),
              age(pod.createdAt),
              pod.state === PodSandboxState.SANDBOX_READY ? 'Ready' : 'NotReady',
              pod.metadata?.name ?? '',
              pod.metadata?.namespace ?? '',
              String(pod.metadata?.attempt ?? 0),
              pod.runtimeHandler || '(default)',
            ]),
          ),
    )
    return 0
  },
}

export const images: Command = {
  usage: '[options] [REPOSITORY[:TAG]]',
  about: 'List images',
  options: {
    quiet: { type: 'boolean', short: 'q' },
    output: { type: 'string', short: 'o' },
    digests: { type: 'boolean' },
    'no-trunc': { type: 'boolean' },
  },
  async run(context) {
    const { cri, options, args } = context
    const answer = await cri.listImages(args[0] ? { filter: { image: { image: args[0] } } } : {})
    if (
      await structured(context, {
        images: answer.images.map((each) => ({ ...each, size: String(each.size) })),
      })
    )
      return 0
    const id = options['no-trunc'] ? (full: string): string => full : shortId
    if (options.quiet) {
      context.write(answer.images.map((image) => `${image.id}\n`).join(''))
      return 0
    }
    const rows = answer.images.flatMap((image) => {
      const [, digest = '<none>'] = image.repoDigests[0]?.split('@') ?? []
      const names = image.repoTags.length > 0 ? image.repoTags : ['<none>:<none>']
      return names.map((name) => {
        const colon = name.lastIndexOf(':')
        const [repository, tag] = [name.slice(0, colon), name.slice(colon + 1)]
        return [
          repository,
          tag,
          ...(options.digests ? [shortId(digest)] : []),
          id(image.id),
          size(image.size),
        ]
      })
    })
    context.write(
      table(
        ['IMAGE', 'TAG', ...(options.digests ? ['DIGEST'] : []), 'IMAGE ID', 'SIZE'],
        rows.sort((a, b) => (`${a}` < `${b}` ? -1 : 1)),
      ),
    )
    return 0
  },
}

export const stats: Command = {
  usage: '[options] [ID]',
  about: 'List what containers use',
  options: {
    output: { type: 'string', short: 'o' },
    label: { type: 'string', multiple: true },
    pod: { type: 'string', short: 'p' },
  },
  async run(context) {
    const { cri, args } = context
    const filter = {
      id: args[0] ?? '',
      podSandboxId: text(context, 'pod') ?? '',
      labelSelector: labels(context),
    }
    const first = await cri.listContainerStats({ filter })
    if (await structured(context, first)) return 0
    // Processor time is a rate: what was used in a second.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const second = await cri.listContainerStats({ filter })
    const before = new Map(first.stats.map((one) => [one.attributes?.id, one.cpu]))
    context.write(
      table(
        ['CONTAINER', 'NAME', 'CPU %', 'MEM', 'DISK', 'INODES'],
        second.stats.map(({ attributes, cpu, memory, writableLayer }) => {
          const old = before.get(attributes?.id)
          const used = (cpu?.usageCoreNanoSeconds?.value ?? 0) - (old?.usageCoreNanoSeconds?.value ?? 0)
          const time = (cpu?.timestamp ?? 0) - (old?.timestamp ?? 0)
          return [
            shortId(attributes?.id ?? ''),
            attributes?.metadata?.name ?? '',
            (time > 0 && old ? (used / time) * 100 : 0).toFixed(2),
            size(memory?.workingSetBytes?.value ?? 0),
            size(writableLayer?.usedBytes?.value ?? 0),
            String(writableLayer?.inodesUsed?.value ?? 0),
          ]
        }),
      ),
    )
    return 0
  },
}
