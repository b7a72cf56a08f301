import { clusterStatus, type NodeStatus, statusExitCode } from '../../cluster/status.ts'
import { defineCommand } from '../command.ts'
import { choice, text } from '../flag.ts'
import { renderTemplate } from '../go-template.ts'

export const status = defineCommand({
  name: 'status',
  summary: 'Gets the status of a local Kubernetes cluster',
  description:
    'Gets the status of a local Kubernetes cluster.\nThe exit code has a bit for each thing that is not as it should be: 1 the host, 2 Kubernetes, 4 the kubeconfig.',
  flags: {
    output: choice(['text', 'json'], 'text', 'text or json', { short: 'o' }),
    format: text('', 'Template for the text form: {{.Host}} {{.Kubelet}} …', { short: 'f' }),
    layout: choice(['nodes', 'cluster'], 'nodes', 'nodes or cluster', { short: 'l' }),
    node: text('', 'Name of the node to show', { short: 'n' }),
    watch: text('', 'Show it again whenever it changes', { short: 'w', noOptDefault: '1s' }),
  },
  async run({ flags, profile, home, output, work }) {
    const show = async (): Promise<number> => {
      const statuses = (await clusterStatus(home, profile)).filter(
        ({ Name }) => !flags.node || flags.node === Name,
      )
      if (flags.layout === 'cluster') {
        const { clusterLayout } = await import('../cluster-layout.ts')
        output.print(clusterLayout(profile, statuses, flags.output))
      } else if (flags.output === 'json') {
        const plain = statuses.map(({ notes: _, ...rest }) => rest)
        output.print(JSON.stringify(plain.length === 1 ? plain[0] : plain))
      } else if (flags.format) {
        output.print(statuses.map((each) => renderTemplate(flags.format, { ...each })).join('\n'))
      } else {
        output.print(`${statuses.map(textOf).join('\n')}\n`)
        for (const note of statuses.flatMap(({ notes }) => notes)) output.warn(note)
      }
      return statusExitCode(statuses)
    }
    let code = await show()
    if (!flags.watch) return code
    const { statusChanges } = await import('../../cluster/status-changes.ts')
    for await (const _ of statusChanges(home, profile, work.signal)) code = await show()
    return code
  },
})

function textOf(each: NodeStatus): string {
  const lines = [
    each.Name,
    `type: ${each.Worker ? 'Worker' : 'Control Plane'}`,
    `host: ${each.Host}`,
    `kubelet: ${each.Kubelet}`,
  ]
  if (!each.Worker) lines.push(`apiserver: ${each.APIServer}`, `kubeconfig: ${each.Kubeconfig}`)
  return `${lines.join('\n')}\n`
}
