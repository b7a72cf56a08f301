import { loadProfile } from '../../cluster/profile-store.ts'
import { defineCommand } from '../command.ts'
import { bool, text } from '../flag.ts'

export const tunnel = defineCommand({
  name: 'tunnel',
  summary: 'Says how to reach services of type LoadBalancer',
  flags: {
    cleanup: bool(true, '', { short: 'c', hidden: true }),
    'bind-address': text('', '', { hidden: true }),
  },
  async run({ profile, home, output }) {
    await loadProfile(home, profile)
    output.step(
      'Done',
      'No tunnel is needed: services of type LoadBalancer have an address that this machine reaches.',
    )
    output.info("'kubectl get services' shows it under EXTERNAL-IP, 'minikube service NAME --url' as a URL.")
    return 0
  },
})
