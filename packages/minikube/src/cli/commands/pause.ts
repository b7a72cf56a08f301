import { defineCommand } from '../command.ts'
import { bool, choice, list } from '../flag.ts'

const flags = {
  'all-namespaces': bool(false, 'The containers of all namespaces, too', { short: 'A' }),
  namespaces: list(['kube-system', 'kubernetes-dashboard', 'istio-operator'], '', {
    short: 'n',
    hidden: true,
  }),
  output: choice(['text', 'json'], 'text', 'How to tell what is done', { short: 'o' }),
}

export const pause = defineCommand({
  name: 'pause',
  summary: 'Pauses Kubernetes',
  description:
    'Pauses Kubernetes: the control plane and the kubelet take no CPU until they are unpaused; containers run on, unless -A is given.',
  flags,
  events: true,
  async run({ flags: values, profile, home, output, work }) {
    const { pause: pauseCluster } = await import('../../cluster/pause.ts')
    await pauseCluster(home, profile, values['all-namespaces'], work)
    output.step(
      'Done',
      `Paused Kubernetes${values['all-namespaces'] ? ' and all containers' : ''} of "${profile}".`,
    )
    return 0
  },
})

export const unpause = defineCommand({
  name: 'unpause',
  aliases: ['resume'],
  summary: 'Unpauses Kubernetes',
  flags,
  events: true,
  async run({ profile, home, output, work }) {
    const { unpause: unpauseCluster } = await import('../../cluster/pause.ts')
    await unpauseCluster(home, profile, work)
    output.step('Done', `Unpaused Kubernetes of "${profile}".`)
    return 0
  },
})
