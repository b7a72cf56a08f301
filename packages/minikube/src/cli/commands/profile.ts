import type { Profile } from '../../cluster/profile.ts'
import { listProfiles, loadProfile } from '../../cluster/profile-store.ts'
import { clusterStatus } from '../../cluster/status.ts'
import { MinikubeError } from '../../error.ts'
import type { Home } from '../../home.ts'
import { defineCommand } from '../command.ts'
import { bool, choice } from '../flag.ts'
import { framedTable } from '../output/table.ts'
import { readSettings, writeSettings } from '../settings.ts'

const list = defineCommand({
  name: 'list',
  summary: 'Lists all clusters',
  flags: {
    output: choice(['table', 'json'], 'table', 'table or json', { short: 'o' }),
    light: bool(false, 'Leave the status out', { short: 'l' }),
    detailed: bool(false, 'Show the port, too', { short: 'd' }),
  },
  async run({ flags, profile, home, output }) {
    const { valid, invalid } = await listProfiles(home)
    const statuses = new Map(
      await Promise.all(
        valid.map(async ({ Name }) => [Name, flags.light ? '' : await stateOf(home, Name)] as const),
      ),
    )
    if (flags.output === 'json') {
      output.print(
        JSON.stringify({
          invalid: invalid.map((Name) => ({ Name, Status: '', Config: null, Active: false })),
          valid: valid.map((each) => ({
            Name: each.Name,
            Status: statuses.get(each.Name),
            Config: each,
            Active: each.Name === profile,
          })),
        }),
      )
      return 0
    }
    if (valid.length === 0 && invalid.length === 0)
      throw new MinikubeError('MK_USAGE_NO_PROFILE', 'No minikube profile was found')
    const current = await currentContext(home)
    const head = [
      'PROFILE',
      'DRIVER',
      'RUNTIME',
      'IP',
      ...(flags.detailed ? ['PORT'] : []),
      'VERSION',
      'STATUS',
      'NODES',
      'ACTIVE PROFILE',
      'ACTIVE KUBECONTEXT',
    ]
    const rows = valid.map((each) => [
      each.Name,
      each.Driver,
      each.KubernetesConfig.ContainerRuntime,
      each.Nodes[0]?.IP ?? '',
      ...(flags.detailed ? [String(each.APIServerPort)] : []),
      each.KubernetesConfig.KubernetesVersion,
      statuses.get(each.Name) ?? '',
      String(each.Nodes.length),
      each.Name === profile ? '*' : '',
      each.Name === current ? '*' : '',
    ])
    output.print(framedTable(head, rows))
    for (const name of invalid) {
      output.warn(
        `The files of profile "${name}" are incomplete or broken: 'minikube delete -p ${name}' removes it.`,
      )
    }
    return 0
  },
})

export const profile = defineCommand({
  name: 'profile',
  summary: 'Gets or sets the current profile',
  usage: '[NAME]',
  args: { max: 1 },
  commands: [{ name: 'list', summary: 'Lists all clusters', load: async () => list }],
  async run({ args, profile: current, home, output }) {
    const [wanted] = args
    if (wanted === undefined) {
      output.print(current)
      return 0
    }
    const { profile: _, ...settings } = await readSettings(home)
    if (wanted === 'default') {
      await writeSettings(home, settings)
      output.step('Done', 'The profile is "minikube" again.')
      return 0
    }
    const chosen: Profile = await loadProfile(home, wanted)
    await writeSettings(home, { ...settings, profile: wanted })
    if (!chosen.KeepContext) {
      const { setCurrentContext } = await import('../../cluster/kubeconfig.ts')
      await setCurrentContext(home, wanted)
    }
    output.step('Done', `minikube profile was successfully set to ${wanted}`)
    return 0
  },
})

async function stateOf(home: Home, name: string): Promise<string> {
  const [status] = await clusterStatus(home, name).catch(() => [])
  if (!status) return 'Unknown'
  if (status.Host !== 'Running') return status.Host
  return status.APIServer === 'Running' ? 'OK' : status.APIServer
}

async function currentContext(home: Home): Promise<string> {
  const { viewContext } = await import('../../cluster/kubeconfig.ts')
  return (await viewContext(home, '').catch(() => undefined))?.current ?? ''
}
