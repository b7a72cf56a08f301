/**
 * The figures that this project holds itself to, each beside its target and, for pods, beside the floor measured in the same
 * run: runp + create + start over CRI by hand. Needs root; uses a home of its own.
 * usage: npm run bench
 */
import { deployment } from '../tests/acceptance/scenario/manifests.ts'
import { busyboxArchive } from '../tests/support/images.ts'
import { TestCluster } from '../tests/support/test-cluster.ts'
import { criFloor } from './cri-floor.ts'
import { idleCpu } from './idle-cpu.ts'
import { memory } from './memory.ts'
import { applyToReady, deleteToGone } from './pod-latency.ts'
import { median, seconds } from './statistics.ts'

interface Figure {
  what: string
  reached: string
  target: string
  note: string
}

function print({ what, reached, target, note }: Figure): void {
  process.stdout.write(`${what.padEnd(44)}${reached.padStart(10)}  ${target.padEnd(10)}${note}\n`)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

const rounds = Number(process.env.BENCH_ROUNDS ?? 10)
const image = await busyboxArchive()
const cluster = await TestCluster.make()
try {
  const first = await timed(() => cluster.minikube(['start', '--driver=none']))
  await cluster.minikube(['image', 'load', image])
  const warm: number[] = []
  const again: number[] = []
  const stops: number[] = []
  for (let round = 0; round < 3; round++) {
    await cluster.minikube(['delete', '--keep-packages'])
    warm.push(await timed(() => cluster.minikube(['start', '--driver=none'])))
  }
  print({
    what: 'start → node Ready, service account there',
    reached: seconds(median(warm)),
    target: '≤ 2.0 s',
    note: `the very first, packages to install included: ${seconds(first)}`,
  })
  await cluster.minikube(['image', 'load', image])
  const floor = median(await criFloor(cluster, rounds))
  const ready = median(await applyToReady(cluster, rounds))
  print({
    what: 'kubectl apply → pod Ready',
    reached: seconds(ready),
    target: '≤ 0.35 s',
    note: `floor over CRI ${seconds(floor)}, ratio ${(ready / floor).toFixed(2)}`,
  })
  print({
    what: 'kubectl delete --now → gone',
    reached: seconds(median(await deleteToGone(cluster, rounds))),
    target: '≤ 0.5 s',
    note: '',
  })
  const idle = await idleCpu(cluster, 30)
  print({
    what: 'idle CPU, whole cluster',
    reached: `${idle.toFixed(2)} %`,
    target: '≤ 0.5 %',
    note: 'of a core, over 30 s',
  })
  const { total, parts } = await memory(cluster)
  print({
    what: 'memory, PSS, without the runtime',
    reached: `${total.toFixed(0)} MB`,
    target: '≤ 150 MB',
    note: parts.map(({ part, megabytes }) => `${part} ${megabytes.toFixed(0)}`).join(', '),
  })
  await cluster.apply(deployment('back', 1))
  await cluster.kubectl(['rollout', 'status', 'deployment/back', '--timeout=60s'])
  for (let round = 0; round < 3; round++) {
    stops.push(await timed(() => cluster.minikube(['stop'])))
    again.push(
      await timed(async () => {
        await cluster.minikube(['start'])
        await cluster.kubectl(['rollout', 'status', 'deployment/back', '--timeout=60s'])
      }),
    )
  }
  print({
    what: 'start again → workloads back',
    reached: seconds(median(again)),
    target: '≤ 3 s',
    note: `the stop before it ${seconds(median(stops))}`,
  })
} finally {
  await cluster.dispose()
}
