import { MinikubeError } from '../../error.ts'
import { defineCommand } from '../command.ts'
import { bool, int } from '../flag.ts'

export const dashboard = defineCommand({
  name: 'dashboard',
  summary: 'Opens the Kubernetes dashboard',
  flags: { url: bool(false, 'Print the URL only'), port: int(0, 'Port to serve it on') },
  async run() {
    throw new MinikubeError('MK_UNIMPLEMENTED', 'the dashboard is not there yet', {
      advice: "Use 'kubectl get all -A' or any client that reads the kubeconfig.",
    })
  },
})
