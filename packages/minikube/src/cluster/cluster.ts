import type { Driver, MachineSpec } from '../drivers/driver.ts'
import { loadDriver } from '../drivers/registry.ts'
import type { ClusterNetwork, Engine, EngineContext } from '../engines/engine.ts'
import { findEngine } from '../engines/registry.ts'
import type { Home } from '../home.ts'
import { type NodeLayout, nodeLayout } from '../node/layout.ts'
import type { Node } from '../node/node.ts'
import { SupervisorClient } from '../node/supervisor/client.ts'
import { findRuntime } from '../runtimes/registry.ts'
import type { ContainerRuntime, RuntimeLayout } from '../runtimes/runtime.ts'
import { HomeCredentials } from './credentials.ts'
import { clusterNetwork } from './network.ts'
import { machineName, type Profile, type ProfileNode, primaryNode } from './profile.ts'

const nanoseconds = 1e6

/** A profile with everything that it names, ready to be worked with. Making one changes nothing. */
export interface Cluster {
  home: Home
  profile: Profile
  /** The node that the control plane is on. */
  primary: ProfileNode
  machine: MachineSpec
  driver: Driver
  runtime: ContainerRuntime
  engine: Engine
  node: Node
  layout: NodeLayout
  runtimeLayout: RuntimeLayout
  network: ClusterNetwork
  credentials: HomeCredentials
  supervisor: SupervisorClient
}

export async function openCluster(home: Home, profile: Profile): Promise<Cluster> {
  const primary = primaryNode(profile)
  const name = machineName(profile, primary)
  const [driver, runtime, engine] = await Promise.all([
    loadDriver(profile.Driver),
    findRuntime(profile.KubernetesConfig.ContainerRuntime),
    findEngine(profile.Bootstrapper),
  ])
  const machine: MachineSpec = {
    profile: profile.Name,
    machine: name,
    directory: home.path('machines', name),
    ...(profile.CPUs > 0 && { cpus: profile.CPUs }),
    ...(profile.Memory > 0 && { memory: profile.Memory }),
  }
  const node = await driver.node(machine)
  const layout = nodeLayout(profile.Name)
  return {
    home,
    profile,
    primary,
    machine,
    driver,
    runtime,
    engine,
    node,
    layout,
    runtimeLayout: {
      profile: profile.Name,
      configDir: `${layout.data}/containerd`,
      dataDir: `${layout.data}/containerd`,
      runDir: `${layout.run}/containerd`,
      cniBinDir: '/usr/lib/cni',
      cniConfDir: `${layout.data}/cni`,
      cgroupDriver: 'cgroupfs',
      insecureRegistries: profile.InsecureRegistry,
      registryMirrors: profile.RegistryMirror,
    },
    network: clusterNetwork(profile),
    credentials: new HomeCredentials(home, profile.Name, profile.CertExpiration / nanoseconds),
    supervisor: new SupervisorClient(node, layout.supervisorSocket),
  }
}

/** Where the pods' cgroups are. */
export function cgroupOf(profile: string): string {
  return `/minikube/${profile}`
}

/** What the engine is to know. `programs` are those that were laid out on the node. */
export function engineContext(
  cluster: Cluster,
  nodeFacts: Pick<EngineContext, 'resolvConf' | 'mtu'>,
  programs: EngineContext['programs'],
): EngineContext {
  const { profile, runtimeLayout, layout, network, primary } = cluster
  const kubernetes = profile.KubernetesConfig
  return {
    profile: profile.Name,
    nodeName: cluster.node.name,
    nodeIP: primary.IP,
    node: cluster.node,
    criSocket: cluster.runtime.socket(runtimeLayout),
    cni: { binDir: runtimeLayout.cniBinDir, confDir: runtimeLayout.cniConfDir },
    cgroupDriver: runtimeLayout.cgroupDriver,
    cgroupRoot: `${cgroupOf(profile.Name)}/kubepods`,
    dataDir: layout.data,
    runDir: layout.run,
    logDir: layout.logs,
    network,
    credentials: cluster.credentials,
    apiServerNames: [
      ...kubernetes.APIServerNames,
      ...kubernetes.APIServerIPs,
      kubernetes.APIServerName,
    ].filter((name) => name !== ''),
    hosts: {
      'host.minikube.internal': network.bridgeAddress.split('/')[0]!,
      'control-plane.minikube.internal': network.bridgeAddress.split('/')[0]!,
      ...Object.fromEntries(profile.Hosts.map(({ Name, Address }) => [Name, Address])),
    },
    ...nodeFacts,
    programs,
    featureGates: parseFeatureGates(kubernetes.FeatureGates),
    labels: {
      'minikube.k8s.io/name': profile.Name,
      'minikube.k8s.io/primary': 'true',
      'node-role.kubernetes.io/control-plane': '',
      'minikube.k8s.io/version': cluster.engine.version,
    },
    capacity: {
      ...(profile.CPUs > 0 && { cpu: String(profile.CPUs) }),
      ...(profile.Memory > 0 && { memory: `${profile.Memory}Mi` }),
    },
    kubernetesVersion: kubernetes.KubernetesVersion,
  }
}

/** Enough to ask a cluster that is there already, not to prepare one. */
export function askingContext(cluster: Cluster): EngineContext {
  return engineContext(cluster, { resolvConf: '', mtu: undefined }, { argv: () => [], env: {} })
}

function parseFeatureGates(text: string): Record<string, boolean> {
  return Object.fromEntries(
    text
      .split(',')
      .filter((item) => item.includes('='))
      .map((item) => [item.split('=')[0]!.trim(), item.split('=')[1]!.trim() === 'true']),
  )
}
