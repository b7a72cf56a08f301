import {
  requiredModules,
  requiredPrograms,
  requiredSysctls,
} from '@minikube-ts/kubernetes/proxy/host-requirements.ts'
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
    const files = [
      ...certificateFiles(directories.certificates, onNode, serviceAccountKey),
      { path: directories.controlPlaneConfig, content: json(controlPlaneConfig(context)), mode: 0o600 },
      { path: directories.nodeConfig, content: json(nodeConfig(context)), mode: 0o600 },
      { path: directories.nodeKubeconfig, content: nodeKubeconfig(context), mode: 0o600 },
      {
        path: `${context.cni.confDir}/10-minikube.conflist`,
        content: cniConfiguration(context, context.mtu),
      },
    ]
    await node.writeFiles(files)
    // A service is started anew when what it reads has changed.
    const env = {
      MINIKUBE_CONFIG_DIGEST: await digest(files.map(({ content }) => content)),
      NODE_COMPILE_CACHE: `${context.dataDir}/engine/compile-cache`,
    }
    return [
      {
        name: 'control-plane',
        argv: [...context.programs.argv('control-plane'), '--config', directories.controlPlaneConfig],
        env,
        ready: { notify: true },
        stopTimeout: 15_000,
      },
      {
        name: 'node',
        argv: [...context.programs.argv('node'), '--config', directories.nodeConfig],
        env,
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

async function digest(contents: readonly (string | Buffer)[]): Promise<string> {
  const { createHash } = await import('node:crypto')
  const hash = createHash('sha256')
  for (const content of contents) hash.update(content)
  return hash.digest('hex').slice(0, 16)
}
