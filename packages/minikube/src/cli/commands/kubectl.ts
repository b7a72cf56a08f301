import { findKubectl } from '../../cluster/find-kubectl.ts'
import { viewContext } from '../../cluster/kubeconfig.ts'
import { loadProfile } from '../../cluster/profile-store.ts'
import { MinikubeError } from '../../error.ts'
import { LocalNode } from '../../node/local-node.ts'
import { defineCommand } from '../command.ts'
import { bool } from '../flag.ts'

/** With these kubectl is told by itself where to go. */
const aims = /^(--context|--kubeconfig|--server|-s)(=|$)/

export const kubectl = defineCommand({
  name: 'kubectl',
  summary: 'Runs kubectl against the cluster',
  description:
    "Runs kubectl against the cluster: the one on PATH, else that of Debian's package, unpacked in minikube's home.",
  usage: '-- [ARGUMENT...]',
  examples: ['minikube kubectl -- get pods -A'],
  flags: { ssh: bool(false, '', { hidden: true }) },
  args: { max: Number.POSITIVE_INFINITY },
  passThrough: true,
  async run({ args, profile, home, env, work }) {
    const words: string[] = []
    if (!args.some((word) => aims.test(word)) && !isLocal(args)) {
      await loadProfile(home, profile)
      if ((await viewContext(home, profile)).server === undefined) {
        throw new MinikubeError('HOST_KUBECONFIG_UPDATE', `the kubeconfig has no context "${profile}"`, {
          advice: "Start the cluster, or run 'minikube update-context' when it runs already.",
        })
      }
      words.push('--context', profile)
    }
    const program = await findKubectl(home, env, work)
    return new LocalNode('localhost').attach([program, ...words, ...args], {
      tty: process.stdin.isTTY,
      env: { KUBECONFIG: env.KUBECONFIG ?? home.kubeconfig() },
    })
  },
})

/** Commands that no cluster is needed for. */
function isLocal(args: readonly string[]): boolean {
  return (
    ['completion', 'config', 'options', 'plugin', 'kustomize', '__complete'].includes(args[0] ?? '') ||
    args.includes('--client')
  )
}
