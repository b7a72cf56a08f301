import { MinikubeError } from '../error.ts'
import type { ServiceStatus } from '../node/supervisor/protocol.ts'
import type { Work } from '../progress.ts'
import type { Cluster } from './cluster.ts'

/** A service that died this often while starting will not come up. */
const hopeless = 3

/**
 * Runs `action` beside the supervisor's events: `up` resolves when a service is ready. Fails, with the service's last
 * words, when one keeps dying, or when time is up.
 */
export async function followServices(
  cluster: Cluster,
  work: Work,
  patience: number,
  action: (up: (service: string) => Promise<void>, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const end = new AbortController()
  const signal = AbortSignal.any([work.signal, end.signal])
  const latest = new Map<string, ServiceStatus>()
  const ready = new Map<string, PromiseWithResolvers<void>>()
  const restartsAtFirst = new Map<string, number>()

  const readiness = (service: string): PromiseWithResolvers<void> => {
    const known = ready.get(service) ?? Promise.withResolvers<void>()
    ready.set(service, known)
    return known
  }
  const follow = async (): Promise<never> => {
    for await (const status of cluster.supervisor.events(signal)) {
      latest.set(status.name, status)
      const first = restartsAtFirst.get(status.name) ?? status.restarts
      restartsAtFirst.set(status.name, first)
      if (status.state === 'ready') readiness(status.name).resolve()
      if (status.restarts - first >= hopeless) throw await dying(cluster, status)
    }
    throw new MinikubeError('GUEST_START', 'the supervisor has ended', {
      advice: `Its log is ${cluster.layout.logs}/supervisor.log.`,
    })
  }
  const following = follow()
  following.catch(() => {})
  try {
    await Promise.race([action((service) => readiness(service).promise, signal), following])
  } catch (error) {
    if (!work.signal.aborted || !isTimeout(work.signal.reason)) throw error
    const late = [...latest.values()].find(({ state }) => state !== 'ready')
    throw new MinikubeError(
      'K8S_START_TIMEOUT',
      `Kubernetes is not ready after ${patience / 1000} s: ${late ? `the service ${late.name} is ${late.state}` : 'the node does not become Ready'}`,
      { advice: "See what 'minikube logs' says; more time can be given with --wait-timeout.", cause: error },
    )
  } finally {
    end.abort()
  }
}

async function dying(cluster: Cluster, status: ServiceStatus): Promise<MinikubeError> {
  const path = `${cluster.layout.logs}/${status.name}.log`
  const log = (await cluster.node.readFile(path))?.toString().trimEnd().split('\n') ?? []
  // What Node.js prints last of a crash is its version; the error stands above.
  const lastWords =
    log.findLast((line) => / E |^\w*Error\b/.test(line)) ?? log.findLast((line) => line.trim() !== '')
  return new MinikubeError(
    'K8S_INSTALL_FAILED',
    `the service ${status.name} does not stay up: ${status.message ?? ''}${lastWords ? `; it said: ${lastWords}` : ''}`,
    { advice: isDamagedStore(lastWords) ? damagedStore(cluster) : `Its log is ${path}.` },
  )
}

function isDamagedStore(words = ''): boolean {
  return words.includes('it is damaged or is no database')
}

function damagedStore({ layout, profile }: Cluster): string {
  return `Put a copy of ${layout.data}/store back if there is one; else begin anew with 'minikube delete -p ${profile.Name}' and 'minikube start -p ${profile.Name}'.`
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}
