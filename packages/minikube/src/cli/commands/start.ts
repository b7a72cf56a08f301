import type { StartOptions } from '../../cluster/start-options.ts'
import { defineCommand, type Invocation } from '../command.ts'
import { bool, choice, duration, type FlagSet, int, list, repeated, text } from '../flag.ts'
import { parseSize } from '../size.ts'
import { UsageError } from '../usage-error.ts'

const flags = {
  driver: text('', 'Where the node lives: none; without it the best that works here is chosen', {
    short: 'd',
  }),
  'vm-driver': text('', 'Old name of --driver', { hidden: true }),
  'container-runtime': text('auto', 'Who starts the containers: auto, containerd', { short: 'c' }),
  'kubernetes-version': text('', 'Kubernetes version: vX.Y.Z, stable or latest'),
  install: bool(true, 'Install packages that are missing; false: refuse and say which'),
  'dry-run': bool(false, 'Show what would be done, and do nothing'),
  force: bool(false, 'Go on where safety checks would stop'),
  interactive: bool(true, 'Allow questions'),
  'delete-on-failure': bool(false, 'Delete the cluster when it cannot be started'),
  cpus: text('', 'CPUs that the node says it has', {}),
  memory: text('', 'Memory that the node says it has: MiB, or with a unit (2g)', { short: 'm' }),
  nodes: int(1, 'How many nodes', { short: 'n', min: 1 }),
  'apiserver-port': int(8443, 'Port of the API server', { min: 1, max: 65535 }),
  'apiserver-name': text('minikubeCA', "A name in the API server's certificate"),
  'apiserver-names': list([], "Further names in the API server's certificate"),
  'apiserver-ips': list([], 'Further addresses that the API server listens on and has in its certificate'),
  'listen-address': text('', 'Further address that the API server listens on; 0.0.0.0 for all'),
  'service-cluster-ip-range': text('10.96.0.0/12', 'Addresses of services'),
  'pod-cidr': text('10.244.0.0/16', 'Addresses of pods'),
  'dns-domain': text('cluster.local', "The cluster's DNS domain"),
  'feature-gates': text('', 'Kubernetes feature gates: Name=true,Other=false'),
  namespace: text('default', 'Namespace of the kubeconfig context'),
  'insecure-registry': list([], 'Registries that are spoken to without TLS'),
  'registry-mirror': list([], 'Mirrors of Docker Hub'),
  'keep-context': bool(false, "Leave kubectl's current context as it is"),
  'embed-certs': bool(false, 'Put certificates into the kubeconfig instead of their paths'),
  'cert-expiration': duration(26_280 * 3600_000, 'Lifetime of certificates'),
  wait: list(
    ['apiserver', 'system_pods'],
    'What to wait for: all, none, apiserver, system_pods, default_sa, apps_running, node_ready, kubelet, extra',
  ),
  'wait-timeout': duration(360_000, 'How long to wait'),
  output: choice(['text', 'json'], 'text', 'How to tell what is done', { short: 'o' }),
} as const satisfies FlagSet

/** Taken so that command lines written for minikube go on working; with these drivers and this engine they do nothing. */
const without = {
  addons: list([], '', { hidden: true }),
  'install-addons': bool(true, '', { hidden: true }),
  'disk-size': text('', '', { hidden: true }),
  preload: bool(true, '', { hidden: true }),
  'cache-images': bool(true, '', { hidden: true }),
  'disable-optimizations': bool(false, '', { hidden: true }),
  'disable-metrics': bool(false, '', { hidden: true }),
  'download-only': bool(false, '', { hidden: true }),
  'auto-update-drivers': bool(true, '', { hidden: true }),
  'native-ssh': bool(true, '', { hidden: true }),
  cni: text('', '', { hidden: true }),
  'extra-config': repeated('', { hidden: true }),
  'image-repository': text('', '', { hidden: true }),
  'image-mirror-country': text('', '', { hidden: true }),
  'base-image': text('', '', { hidden: true }),
  ha: bool(false, '', { hidden: true }),
  vm: bool(false, '', { hidden: true }),
  trace: text('', '', { hidden: true }),
} as const satisfies FlagSet

type Flags = typeof flags & typeof without

export const start = defineCommand({
  name: 'start',
  summary: 'Starts a local Kubernetes cluster',
  examples: ['minikube start', 'minikube start -p second', 'minikube start --dry-run'],
  flags: { ...flags, ...without },
  events: true,
  async run(invocation) {
    const { output, profile, home, work, env } = invocation
    const { version } = await import('../../version.ts')
    const { osName } = await import('../os-name.ts')
    output.step('Initial Minikube Setup', `minikube ${version} on ${await osName()}`)
    refuse(invocation)
    const request = {
      home,
      name: profile,
      options: optionsOf(invocation),
      install: invocation.flags.install,
      dryRun: invocation.flags['dry-run'],
      wait: !invocation.flags.wait.some((component) => component === 'none' || component === 'false'),
      waitTimeout: invocation.flags['wait-timeout'],
    }
    const { start: startCluster } = await import('../../cluster/start.ts')
    try {
      const result = await startCluster(request, work)
      if (!result) return 0
      const { nextSteps } = await import('../next-steps.ts')
      await nextSteps(result, output, env)
      return 0
    } catch (error) {
      if (invocation.flags['delete-on-failure'] && !work.signal.aborted) {
        const { deleteCluster } = await import('../../cluster/delete.ts')
        await deleteCluster(home, profile, false, work)
      }
      throw error
    }
  },
})

function refuse({ flags: values, changed, output }: Invocation<Flags>): void {
  if (values.nodes > 1 || values.ha) {
    throw new UsageError('clusters of several nodes are not there yet', 'Leave out --nodes and --ha.')
  }
  for (const name of Object.keys(without)) if (changed.has(name)) output.warn(`--${name} has no effect here.`)
}

/** Only what was asked for: the rest is the profile's, or a default of the machine's slot. */
function optionsOf({ flags: values, changed }: Invocation<Flags>): StartOptions {
  const given = <K extends keyof Flags & string, T>(name: K, value: T): T | undefined =>
    changed.has(name) ? value : undefined
  const bootstrapper = values.bootstrapper
  return withoutUndefined({
    driver: values.driver || values['vm-driver'] || undefined,
    bootstrapper: changed.has('bootstrapper') ? bootstrapper : undefined,
    containerRuntime: given('container-runtime', values['container-runtime']),
    kubernetesVersion: given('kubernetes-version', values['kubernetes-version']),
    cpus: given('cpus', numberOf('cpus', values.cpus)),
    memory: given('memory', sizeOf('memory', values.memory)),
    apiServerPort: given('apiserver-port', values['apiserver-port']),
    apiServerName: given('apiserver-name', values['apiserver-name']),
    apiServerNames: given('apiserver-names', values['apiserver-names']),
    apiServerIPs: given('apiserver-ips', values['apiserver-ips']),
    listenAddress: given('listen-address', values['listen-address']),
    serviceCidr: given('service-cluster-ip-range', values['service-cluster-ip-range']),
    podCidr: given('pod-cidr', values['pod-cidr']),
    dnsDomain: given('dns-domain', values['dns-domain']),
    featureGates: given('feature-gates', values['feature-gates']),
    namespace: given('namespace', values.namespace),
    insecureRegistries: given('insecure-registry', values['insecure-registry']),
    registryMirrors: given('registry-mirror', values['registry-mirror']),
    keepContext: given('keep-context', values['keep-context']),
    embedCerts: given('embed-certs', values['embed-certs']),
    certExpiration: given('cert-expiration', values['cert-expiration']),
  })
}

function withoutUndefined(options: { [K in keyof StartOptions]: StartOptions[K] | undefined }): StartOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** 0 when there is no limit. */
function numberOf(name: string, value: string): number {
  if (value === '' || value === 'max' || value === 'no-limit') return 0
  if (/^[1-9]\d*$/.test(value)) return Number(value)
  throw new UsageError(`invalid value "${value}" for --${name}: it must be a number, max or no-limit`)
}

function sizeOf(name: string, value: string): number {
  if (value === '' || value === 'auto' || value === 'max' || value === 'no-limit') return 0
  const mebibytes = parseSize(value)
  if (mebibytes !== undefined) return mebibytes
  throw new UsageError(`invalid value "${value}" for --${name}: it must be like 4096 (MiB), 4096m or 4g`)
}
