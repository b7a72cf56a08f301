import { openCluster } from '../../cluster/cluster.ts'
import { criSocket } from '../../cluster/cri.ts'
import { loadProfile } from '../../cluster/profile-store.ts'
import { requireRoot } from '../../cluster/require-root.ts'
import { requireRunning } from '../../cluster/require-running.ts'
import { defineCommand } from '../command.ts'

export const crictl = defineCommand({
  name: 'crictl',
  summary: "Asks the cluster's container runtime, as crictl does",
  description:
    "crictl, aimed at the cluster's container runtime: pods, containers and images as the runtime itself sees them. 'minikube crictl -- help' lists its commands; the exit code is its.",
  usage: '-- [ARGUMENT...]',
  examples: ['minikube crictl -- ps -a', 'minikube crictl -- inspectp POD-ID', 'minikube crictl -- images'],
  args: { max: Number.POSITIVE_INFINITY },
  passThrough: true,
  async run({ args, profile, home, env, work }) {
    const cluster = await openCluster(home, await loadProfile(home, profile))
    requireRoot(cluster, 'crictl', 'speak to the container runtime')
    await requireRunning(cluster)
    const { runCrictl } = await import('@minikube-ts/cri/crictl/run-crictl.ts')
    return runCrictl({
      args,
      write: (text) => void process.stdout.write(text),
      writeError: (text) => void process.stderr.write(text),
      defaultSocket: criSocket(cluster),
      // It is the profile that says which runtime.
      env: { ...env, CONTAINER_RUNTIME_ENDPOINT: undefined },
      signal: work.signal,
    })
  },
})
