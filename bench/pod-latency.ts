import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { pod } from '../tests/acceptance/scenario/manifests.ts'
import type { TestCluster } from '../tests/support/test-cluster.ts'

interface PodEvent {
  type: string
  object: { metadata: { name: string }; status?: { conditions?: { type: string; status: string }[] } }
}

/** Milliseconds from `begin` to the event that `done` accepts, over a watch that is open before. */
async function untilEvent(
  cluster: TestCluster,
  begin: () => Promise<unknown>,
  done: (event: PodEvent) => boolean,
): Promise<number> {
  const [program, ...args] = cluster.kubectlArgv(['get', 'pods', '-w', '--output-watch-events', '-o', 'json'])
  const watch = spawn(program, args, {
    env: { ...process.env, ...cluster.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    // kubectl prints the marker object first, so the watch stands before the clock starts.
    let started: number | undefined
    for await (const line of createInterface({ input: watch.stdout })) {
      const event = JSON.parse(line) as PodEvent
      if (started === undefined) {
        started = performance.now()
        begin().catch((error) => watch.stdout.destroy(error))
        continue
      }
      if (done(event)) return performance.now() - started
    }
    throw new Error('the watch ended early')
  } finally {
    watch.kill()
  }
}

const isReady = (event: PodEvent) =>
  event.object.status?.conditions?.some(
    (condition) => condition.type === 'Ready' && condition.status === 'True',
  ) ?? false

/** From starting `kubectl apply` to the pod's Ready condition as a watcher sees it, in milliseconds per round. */
export async function applyToReady(cluster: TestCluster, rounds: number): Promise<number[]> {
  await cluster.apply(pod('marker'))
  await cluster.waitFor('pod/marker', 'condition=Ready')
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const name = `bench-${round}`
    times.push(
      await untilEvent(
        cluster,
        () => cluster.apply(pod(name)),
        (event) => event.object.metadata.name === name && isReady(event),
      ),
    )
  }
  return times
}

/** From starting `kubectl delete --now` to the DELETED event; deletes what {@link applyToReady} made. */
export async function deleteToGone(cluster: TestCluster, rounds: number): Promise<number[]> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const name = `bench-${round}`
    times.push(
      await untilEvent(
        cluster,
        () => cluster.kubectl(['delete', 'pod', name, '--now']),
        (event) => event.type === 'DELETED' && event.object.metadata.name === name,
      ),
    )
  }
  return times
}
