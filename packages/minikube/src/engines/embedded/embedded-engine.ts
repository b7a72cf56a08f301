import { createHash } from 'node:crypto'
import {
  requiredModules,
  requiredPrograms,
  requiredSysctls,
} from '@minikube-ts/kubernetes/proxy/host-requirements.ts'
import type { NodeFile } from '../../node/node.ts'
import type { Work } from '../../progress.ts'
import type { ServiceSpec } from '../../runtimes/runtime.ts'
import type { KeyPair } from '../credentials.ts'
import type { Engine, EngineContext, EngineHealth, EngineNeeds } from '../engine.ts'
import {
  certificateFiles,
  certificateSpecs,
  cniConfiguration,
  controlPlaneConfig,
  engineDirectories,
  nodeConfig,
  nodeKubeconfig,
} from './node-files.ts'
import { waitForCluster } from './wait-for-cluster.ts'

/** Kubernetes of our own: a control plane and a node process. */
export class EmbeddedEngine implements Engine {
  readonly name = 'embedded'
  readonly version = 'v1.36.0'

  needs(): EngineNeeds {
    const programs = requiredPrograms.filter(({ optional }) => !optional)
    return {
      sysctls: Object.fromEntries(
        Object.entries(requiredSysctls).map(([key, value]) => [key.replaceAll('.', '/'), value]),
      ),
      modules: requiredModules,
      packages: requiredPrograms.map((each) => each.package),
      programs: programs.map(({ program }) => program),
    }
  }

  async prepare(context: EngineContext): Promise<ServiceSpec[]> {
    const { credentials, node } = context
    const directories = engineDirectories(context)
    const [serviceAccountKey, authority, frontProxy, ...certificates] = await Promise.all([
      credentials.signingKey('sa'),
      credentials.authority('ca'),
      credentials.authority('proxy-client-ca'),
      ...certificateSpecs(context).map(
        async (spec): Promise<[string, KeyPair]> => [spec.name, await credentials.certificate(spec)],
      ),
    ])
    const onNode = new Map<string, KeyPair>([
      ['ca', authority],
      ['proxy-client-ca', frontProxy],
      ...certificates,
    ])
    onNode.delete('client')
    const certificateFile = (names: readonly string[]): NodeFile[] =>
      certificateFiles(
        directories.certificates,
        new Map([...onNode].filter(([name]) => names.includes(name))),
      )
    const ofControlPlane: NodeFile[] = [
      ...certificateFile(['ca', 'proxy-client-ca', 'apiserver', 'apiserver-kubelet-client', 'proxy-client']),
      { path: `${directories.certificates}/sa.key`, content: serviceAccountKey, mode: 0o600 },
      { path: directories.controlPlaneConfig, content: json(controlPlaneConfig(context)), mode: 0o600 },
    ]
    const ofNode: NodeFile[] = [
      ...certificateFile(['ca', 'kubelet', 'node']),
      { path: directories.nodeConfig, content: json(nodeConfig(context)), mode: 0o600 },
      { path: directories.nodeKubeconfig, content: nodeKubeconfig(context), mode: 0o600 },
    ]
    const network = {
      path: `${context.cni.confDir}/10-minikube.conflist`,
      content: cniConfiguration(context, context.mtu),
    }
    await node.writeFiles([
      ...new Map([...ofControlPlane, ...ofNode, network].map((file) => [file.path, file])).values(),
    ])
    // A service is started anew when what it reads has changed.
    const env = (files: readonly NodeFile[]): Record<string, string> => ({
      MINIKUBE_CONFIG_DIGEST: digest(files),
      ...context.programs.env,
    })
    return [
      {
        name: 'control-plane',
        about: 'API server, store, controllers, scheduler, DNS',
        argv: [...context.programs.argv('control-plane'), '--config', directories.controlPlaneConfig],
        env: env(ofControlPlane),
        ready: { notify: true },
        stopTimeout: 15_000,
      },
      {
        name: 'node',
        about: 'kubelet, service proxy',
        argv: [...context.programs.argv('node'), '--config', directories.nodeConfig],
        env: env(ofNode),
        ready: { notify: true },
        stopTimeout: 15_000,
      },
    ]
  }

  async ready(context: EngineContext, work: Work): Promise<void> {
    const node = { name: context.nodeName, labels: context.labels }
    await waitForCluster(this.#server(context), await this.admin(context), node, work.signal)
  }

  async admin(context: EngineContext): Promise<{ ca: string; cert: string; key: string }> {
    const spec = certificateSpecs(context).find(({ name }) => name === 'client')!
    const [authority, client] = await Promise.all([
      context.credentials.authority('ca'),
      context.credentials.certificate(spec),
    ])
    return { ca: authority.cert, ...client }
  }

  async health(context: EngineContext): Promise<EngineHealth> {
    const { probeEndpoints } = await import('./probe-endpoints.ts')
    return probeEndpoints(context, this.#server(context), await this.admin(context))
  }

  #server(context: EngineContext): string {
    return `https://127.0.0.1:${context.network.apiServerPort}`
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

function digest(files: readonly NodeFile[]): string {
  const hash = createHash('sha256')
  for (const { content } of files) hash.update(content)
  return hash.digest('hex').slice(0, 16)
}
