import { isCriCode } from '../cri-error.ts'
import { ContainerState } from '../generated/runtime-v1.ts'
import type { CriHandlers } from '../serve.ts'
import type { Containers } from './containers.ts'
import type { Engine } from './engine.ts'
import type { EngineInfo } from './engine-types.ts'
import { fromLabels } from './state-label.ts'
import { nanoseconds } from './time.ts'

/** `GET /containers/{id}/stats`. */
interface EngineStats {
  read: string
  cpu_stats: { cpu_usage: { total_usage: number } }
  memory_stats: { usage?: number; stats?: Record<string, number> }
}

/** What containers use of the machine. */
export class Stats {
  readonly #engine: Engine
  readonly #containers: Containers
  #root: Promise<EngineInfo> | undefined

  constructor(engine: Engine, containers: Containers) {
    this.#engine = engine
    this.#containers = containers
  }

  handlers(): CriHandlers {
    return {
      containerStats: async ({ containerId }) => ({ stats: await this.#of(containerId) }),
      listContainerStats: async ({ filter }) => {
        const containers = await this.#containers.list({
          id: filter?.id ?? '',
          podSandboxId: filter?.podSandboxId ?? '',
          labelSelector: filter?.labelSelector ?? {},
          state: { state: ContainerState.CONTAINER_RUNNING },
        })
        const stats = await Promise.all(
          containers.map(({ id }) =>
            this.#of(id).catch((error: unknown) => {
              // Gone in the meantime.
              if (isCriCode(error, 'NotFound')) return undefined
              throw error
            }),
          ),
        )
        return { stats: stats.filter((one) => one !== undefined) }
      },
    }
  }

  async #of(id: string) {
    this.#root ??= this.#engine.json<EngineInfo>('/info')
    const [inspected, stats, { DockerRootDir }] = await Promise.all([
      this.#containers.inspect(id, { size: 1 }),
      this.#engine.json<EngineStats>(`/containers/${id}/stats`, { query: { stream: 0, 'one-shot': 1 } }),
      this.#root,
    ])
    const { metadata, labels, annotations } = fromLabels('container', id, inspected.Config.Labels)
    const timestamp = nanoseconds(stats.read)
    const { usage, stats: details = {} } = stats.memory_stats
    // First the name in cgroup version 1, then that in 2.
    const inactive = details.total_inactive_file ?? details.inactive_file ?? 0
    const anonymous = details.total_rss ?? details.anon
    return {
      attributes: { id: inspected.Id, metadata, labels, annotations },
      cpu: { timestamp, usageCoreNanoSeconds: { value: stats.cpu_stats.cpu_usage.total_usage } },
      memory: {
        timestamp,
        ...(usage !== undefined && {
          usageBytes: { value: usage },
          workingSetBytes: { value: Math.max(0, usage - inactive) },
        }),
        ...(anonymous !== undefined && { rssBytes: { value: anonymous } }),
        pageFaults: { value: details.total_pgfault ?? details.pgfault ?? 0 },
        majorPageFaults: { value: details.total_pgmajfault ?? details.pgmajfault ?? 0 },
      },
      writableLayer: {
        timestamp,
        fsId: { mountpoint: DockerRootDir },
        usedBytes: { value: inspected.SizeRw ?? 0 },
      },
    }
  }
}
