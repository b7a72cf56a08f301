import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { isCriCode } from '@minikube-ts/cri/cri-error.ts'
import { type Container, ContainerState, PodSandboxState } from '@minikube-ts/cri/generated/runtime-v1.ts'

export interface PodReading {
  namespace: string
  name: string
  ready: boolean
  /** Undefined: it has none of its own. */
  address: string | undefined
  /** The process that holds its namespaces. */
  pid: number | undefined
  containers: ContainerReading[]
}

export interface ContainerReading {
  name: string
  image: string
  /** `running`, `exited (1)` … */
  state: string
  restarts: number
  /** Its first process. */
  pid: number | undefined
}

export interface RuntimeReading {
  name: string
  version: string
  pods: PodReading[]
}

/** Asks a runtime for the pods of a namespace, or of all. Of what was started again only the last. */
export async function readPods(cri: CriClient, namespace?: string): Promise<RuntimeReading> {
  const [{ runtimeName, runtimeVersion }, { items }, { containers }] = await Promise.all([
    cri.version({ version: 'v1' }),
    cri.listPodSandbox({}),
    cri.listContainers({}),
  ])
  const wanted = newest(
    items.filter(({ metadata }) => !namespace || metadata?.namespace === namespace),
    ({ metadata }) => `${metadata?.namespace}/${metadata?.name}`,
  )
  const pods = await Promise.all(
    wanted.map(async ({ id, state, metadata }): Promise<PodReading> => {
      const own = newest(
        containers.filter(({ podSandboxId }) => podSandboxId === id),
        (container) => container.metadata?.name ?? '',
      )
      const [sandbox, inside] = await Promise.all([
        unlessGone(cri.podSandboxStatus({ podSandboxId: id, verbose: true })),
        Promise.all(own.map((container) => readContainer(cri, container))),
      ])
      return {
        namespace: metadata?.namespace ?? '',
        name: metadata?.name ?? '',
        ready: state === PodSandboxState.SANDBOX_READY,
        address: sandbox?.status?.network?.ip || undefined,
        pid: pidOf(sandbox?.info),
        containers: inside,
      }
    }),
  )
  const key = ({ namespace, name }: PodReading): string => `${namespace}/${name}`
  return {
    name: runtimeName,
    version: runtimeVersion,
    pods: pods.sort((a, b) => (key(a) < key(b) ? -1 : 1)),
  }
}

async function readContainer(cri: CriClient, container: Container): Promise<ContainerReading> {
  const answer = await unlessGone(cri.containerStatus({ containerId: container.id, verbose: true }))
  const status = answer?.status
  const running = status?.state === ContainerState.CONTAINER_RUNNING
  return {
    name: container.metadata?.name ?? '',
    image: status?.image?.image || container.image?.image || '',
    state: stateOf(status?.state ?? container.state, status?.exitCode ?? 0),
    restarts: container.metadata?.attempt ?? 0,
    pid: running ? pidOf(answer?.info) : undefined,
  }
}

function stateOf(state: ContainerState, exitCode: number): string {
  if (state === ContainerState.CONTAINER_RUNNING) return 'running'
  if (state === ContainerState.CONTAINER_EXITED) return `exited (${exitCode})`
  return state === ContainerState.CONTAINER_CREATED ? 'created' : 'unknown'
}

/** CRI has no field for it; every runtime puts it into the `info` of a verbose answer, which is JSON. */
function pidOf(info: Record<string, string> | undefined): number | undefined {
  try {
    const { pid } = JSON.parse(info?.info ?? '{}') as { pid?: unknown }
    return typeof pid === 'number' && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

/** The last made of each name. */
function newest<T extends { createdAt: number }>(items: readonly T[], nameOf: (item: T) => string): T[] {
  const found = new Map<string, T>()
  for (const item of items) {
    const other = found.get(nameOf(item))
    if (!other || other.createdAt < item.createdAt) found.set(nameOf(item), item)
  }
  return [...found.values()].sort((a, b) => a.createdAt - b.createdAt)
}

/** Pods come and go while they are looked at. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isCriCode(error, 'NotFound')) return undefined
    throw error
  }
}
