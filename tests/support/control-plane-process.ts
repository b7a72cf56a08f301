import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  encodeSubjectAltName,
  issueCertificate,
  publicKeyOf,
} from '@minikube-ts/kubernetes/certificates/issue-certificate.ts'
import { encodeName } from '@minikube-ts/kubernetes/certificates/x509-name.ts'
import type { ControlPlaneConfig } from '@minikube-ts/kubernetes/control-plane-config.ts'
import { root } from './root.ts'

const day = 24 * 3600_000

interface Pair {
  certificate: string
  key: KeyObject
}

function issue(commonName: string, organizations: string[], names: string[], authority?: Pair): Pair {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = issueCertificate(
    {
      subject: encodeName({ commonName, organizations }),
      publicKey: publicKeyOf(pair.publicKey),
      notBefore: Date.now() - day,
      notAfter: Date.now() + day,
      keyUsages: authority ? ['digitalSignature', 'keyEncipherment'] : ['keyCertSign'],
      ...(authority ? { extendedKeyUsages: ['serverAuth', 'clientAuth'] as const } : { isCa: true }),
      ...(names.length > 0 && { subjectAltName: encodeSubjectAltName(names) }),
    } as Parameters<typeof issueCertificate>[0],
    authority ? { certificate: authority.certificate, key: authority.key } : { key: pair.privateKey },
  )
  return { certificate, key: pair.privateKey }
}

/** A control plane as a process of its own, on loopback, without any node: what a crash is tried on. */
export class ControlPlaneProcess {
  readonly kubeconfig: string
  readonly #directory: string
  readonly #config: string
  #child: ChildProcess | undefined

  private constructor(directory: string) {
    this.#directory = directory
    this.kubeconfig = join(directory, 'kubeconfig.json')
    this.#config = join(directory, 'config.json')
  }

  /** `port` has to be free; keys, certificates and configuration are made below `directory`. */
  static async prepare(directory: string, port: number): Promise<ControlPlaneProcess> {
    await mkdir(directory, { recursive: true })
    const ca = issue('ca', [], [])
    const server = issue('kube-apiserver', [], ['localhost', '127.0.0.1'], ca)
    const admin = issue('admin', ['system:masters'], [], ca)
    const at = (name: string) => join(directory, name)
    const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
    await Promise.all(
      Object.entries({ ca, server, admin }).flatMap(([name, pair]) => [
        writeFile(at(`${name}.crt`), pair.certificate),
        writeFile(at(`${name}.key`), pem(pair.key), { mode: 0o600 }),
      ]),
    )
    const config: ControlPlaneConfig = {
      clusterName: 'crash',
      dataDir: at('data'),
      listenAddresses: ['127.0.0.1'],
      port,
      advertiseAddress: '127.0.0.1',
      tls: { certFile: at('server.crt'), keyFile: at('server.key') },
      clientCaFile: at('ca.crt'),
      clientCaKeyFile: at('ca.key'),
      kubeletClient: { caFile: at('ca.crt'), certFile: at('admin.crt'), keyFile: at('admin.key') },
      serviceAccount: { keyFile: at('server.key'), issuer: 'https://kubernetes.default.svc.cluster.local' },
      serviceCidr: '10.96.0.0/16',
      podCidr: '10.244.0.0/16',
      nodePortRange: [30000, 32767],
      clusterDomain: 'cluster.local',
      dns: { clusterIP: '10.96.0.10', listenAddress: '127.0.0.1', upstreams: [], hosts: {} },
      hostPathProvisionerDir: at('volumes'),
    }
    const made = new ControlPlaneProcess(directory)
    await writeFile(made.#config, JSON.stringify(config))
    await writeFile(
      made.kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'crash',
        contexts: [{ name: 'crash', context: { cluster: 'crash', user: 'admin' } }],
        clusters: [
          {
            name: 'crash',
            cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': at('ca.crt') },
          },
        ],
        users: [
          { name: 'admin', user: { 'client-certificate': at('admin.crt'), 'client-key': at('admin.key') } },
        ],
      }),
    )
    return made
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const script = join(root, 'packages/kubernetes/src/bin/control-plane.ts')
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', script, '--config', this.#config],
      {
        env: { ...process.env, NOTIFY_FD: '3', NODE_COMPILE_CACHE: join(this.#directory, 'compile-cache') },
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      },
    )
    this.#child = child
    let errors = ''
    child.stderr?.on('data', (chunk) => {
      errors = `${errors}${chunk}`.slice(-4000)
    })
    const ready = createInterface({ input: child.stdio[3] as NodeJS.ReadableStream })
    const [first] = await Promise.race([once(ready, 'line'), once(child, 'exit').then(() => [undefined])])
    if (first === undefined) throw new Error(`the control plane ended before it served:\n${errors}`)
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child) return
    this.#child = undefined
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}
