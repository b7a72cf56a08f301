import { MinikubeError } from '../error.ts'
import { parseCidr } from './cidr.ts'
import type { Profile } from './profile.ts'

/** What a start may ask for; absent: as the profile has it, or the default. */
export interface StartOptions {
  driver?: string
  containerRuntime?: string
  bootstrapper?: string
  kubernetesVersion?: string
  cpus?: number
  /** MiB. */
  memory?: number
  apiServerPort?: number
  apiServerName?: string
  apiServerNames?: readonly string[]
  apiServerIPs?: readonly string[]
  listenAddress?: string
  serviceCidr?: string
  podCidr?: string
  dnsDomain?: string
  featureGates?: string
  namespace?: string
  insecureRegistries?: readonly string[]
  registryMirrors?: readonly string[]
  keepContext?: boolean
  embedCerts?: boolean
  /** Milliseconds. */
  certExpiration?: number
}

const nanoseconds = 1e6

/** A new profile out of options, with the numbers of its slot. */
export function newProfile(
  name: string,
  driver: string,
  slot: { slot: number; apiServerPort: number; serviceCidr: string; podCidr: string },
  engineVersion: string,
  options: StartOptions,
): Profile {
  const runtime = options.containerRuntime ?? 'auto'
  const profile: Profile = {
    Name: name,
    KeepContext: false,
    EmbedCerts: false,
    Memory: 0,
    CPUs: 0,
    DiskSize: 0,
    Driver: driver,
    APIServerPort: slot.apiServerPort,
    KubernetesConfig: {
      KubernetesVersion: engineVersion,
      ClusterName: name,
      Namespace: 'default',
      APIServerName: 'minikubeCA',
      APIServerNames: [],
      APIServerIPs: [],
      DNSDomain: 'cluster.local',
      ContainerRuntime: runtime === 'auto' || runtime === '' ? 'containerd' : runtime,
      CRISocket: '',
      NetworkPlugin: 'cni',
      FeatureGates: '',
      ServiceCIDR: slot.serviceCidr,
      ImageRepository: '',
      LoadBalancerStartIP: '',
      LoadBalancerEndIP: '',
      ExtraOptions: [],
      CNI: '',
    },
    Nodes: [
      {
        Name: '',
        IP: '',
        Port: slot.apiServerPort,
        KubernetesVersion: engineVersion,
        ContainerRuntime: 'containerd',
        ControlPlane: true,
        Worker: true,
      },
    ],
    Addons: { 'default-storageclass': true, 'storage-provisioner': true, 'metrics-server': true },
    VerifyComponents: { apiserver: true, system_pods: true },
    StartHostTimeout: 360_000 * nanoseconds,
    CertExpiration: 26_280 * 3600_000 * nanoseconds,
    ListenAddress: '',
    InsecureRegistry: [],
    RegistryMirror: [],
    Bootstrapper: options.bootstrapper ?? 'embedded',
    Slot: slot.slot,
    PodCIDR: slot.podCidr,
    Hosts: [],
  }
  return withOptions(profile, options)
}

/** The profile as the options want it. What a cluster cannot change once it is there is reported to `ignored`. */
export function changedProfile(
  profile: Profile,
  options: StartOptions,
  ignored: (what: string) => void,
): Profile {
  const { driver, bootstrapper, containerRuntime, serviceCidr, podCidr, dnsDomain, ...changeable } = options
  if (driver !== undefined && driver !== '' && driver !== profile.Driver) {
    throw new MinikubeError(
      'GUEST_DRIVER_MISMATCH',
      `the cluster "${profile.Name}" was made with the driver "${profile.Driver}", not "${driver}"`,
      { advice: `Start it without --driver, or delete it first with 'minikube delete -p ${profile.Name}'.` },
    )
  }
  const { KubernetesConfig: kubernetes } = profile
  const fixed: [string, string | undefined, string][] = [
    ['--bootstrapper', bootstrapper, profile.Bootstrapper],
    [
      '--container-runtime',
      containerRuntime === 'auto' ? undefined : containerRuntime,
      kubernetes.ContainerRuntime,
    ],
    ['--service-cluster-ip-range', serviceCidr, kubernetes.ServiceCIDR],
    ['--pod-cidr', podCidr, profile.PodCIDR],
    ['--dns-domain', dnsDomain, kubernetes.DNSDomain],
  ]
  for (const [flag, wanted, present] of fixed) {
    if (wanted !== undefined && wanted !== present) {
      ignored(
        `${flag} cannot be changed on an existing cluster: it stays ${present}. Delete the cluster first to change it.`,
      )
    }
  }
  return withOptions(profile, changeable)
}

function withOptions(profile: Profile, options: StartOptions): Profile {
  const kubernetes = profile.KubernetesConfig
  const port = options.apiServerPort ?? profile.APIServerPort
  for (const [flag, cidr] of [
    ['--service-cluster-ip-range', options.serviceCidr],
    ['--pod-cidr', options.podCidr],
  ]) {
    const range = cidr === undefined ? undefined : parseCidr(cidr)
    if (cidr !== undefined && (!range || range.bits > 24)) {
      throw new MinikubeError(
        'MK_USAGE',
        `invalid value "${cidr}" for ${flag}: it must be an IPv4 network of /24 or larger`,
      )
    }
  }
  return {
    ...profile,
    KeepContext: options.keepContext ?? profile.KeepContext,
    EmbedCerts: options.embedCerts ?? profile.EmbedCerts,
    Memory: options.memory ?? profile.Memory,
    CPUs: options.cpus ?? profile.CPUs,
    APIServerPort: port,
    CertExpiration:
      options.certExpiration === undefined ? profile.CertExpiration : options.certExpiration * nanoseconds,
    ListenAddress: options.listenAddress ?? profile.ListenAddress,
    InsecureRegistry: [...(options.insecureRegistries ?? profile.InsecureRegistry)],
    RegistryMirror: [...(options.registryMirrors ?? profile.RegistryMirror)],
    PodCIDR: options.podCidr ?? profile.PodCIDR,
    Nodes: profile.Nodes.map((node) => ({ ...node, Port: port })),
    KubernetesConfig: {
      ...kubernetes,
      Namespace: options.namespace ?? kubernetes.Namespace,
      APIServerName: options.apiServerName ?? kubernetes.APIServerName,
      APIServerNames: [...(options.apiServerNames ?? kubernetes.APIServerNames)],
      APIServerIPs: [...(options.apiServerIPs ?? kubernetes.APIServerIPs)],
      DNSDomain: options.dnsDomain ?? kubernetes.DNSDomain,
      ServiceCIDR: options.serviceCidr ?? kubernetes.ServiceCIDR,
      FeatureGates: options.featureGates ?? kubernetes.FeatureGates,
    },
  }
}
