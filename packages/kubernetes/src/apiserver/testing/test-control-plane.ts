import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHttpTransport } from '../../client/create-http-transport.ts'
import { createHttpClient, type HttpClient } from '../../client/http-client.ts'
import { type ControlPlane, startControlPlane } from '../../control-plane.ts'
import type { ControlPlaneConfig } from '../../control-plane-config.ts'
import { type Logger, silentLogger } from '../../log.ts'
import { issue, type TestCertificate, testCa } from '../auth/testing/certificates.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  text: string
  /** The body as JSON. */
  json: Record<string, unknown>
}

export interface TestControlPlane {
  readonly config: ControlPlaneConfig
  readonly running: ControlPlane
  readonly ca: TestCertificate
  /** One HTTP/1.1 request, as the administrator unless `as` says otherwise (null: without certificate). */
  request(
    method: string,
    path: string,
    options?: { headers?: Record<string, string>; body?: string | Uint8Array; as?: TestCertificate | null },
  ): Promise<Answer>
  /** A client over HTTP/2. */
  client(as?: TestCertificate): HttpClient
  user(name: string, ...groups: string[]): TestCertificate
  stop(): Promise<void>
  /** Stops and starts again with the same data. */
  restart(): Promise<void>
}

/** A control plane on a free port of the loopback with everything that it needs in a directory of its own. */
export async function startTestControlPlane(log: Logger = silentLogger): Promise<TestControlPlane> {
  const dir = mkdtempSync(join(tmpdir(), 'control-plane-'))
  const put = (name: string, content: string): string => {
    const file = join(dir, name)
    writeFileSync(file, content)
    return file
  }
  const ca = testCa('kubernetes')
  const server = issue('kube-apiserver', [], ca, { server: ['127.0.0.1', 'localhost'] })
  const admin = issue('kubernetes-admin', ['system:masters'], ca)
  const accountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const caFile = put('ca.crt', ca.pem)
  const config: ControlPlaneConfig = {
    clusterName: 'test',
    dataDir: join(dir, 'data'),
    listenAddresses: ['127.0.0.1'],
    port: 0,
    advertiseAddress: '127.0.0.1',
    tls: { certFile: put('server.crt', server.pem), keyFile: put('server.key', server.keyPem) },
    clientCaFile: caFile,
    clientCaKeyFile: put('ca.key', ca.keyPem),
    kubeletClient: { caFile, certFile: put('admin.crt', admin.pem), keyFile: put('admin.key', admin.keyPem) },
    serviceAccount: {
      keyFile: put('sa.key', accountKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
      issuer: 'https://kubernetes.default.svc.cluster.local',
    },
    serviceCidr: '10.96.0.0/16',
    podCidr: '10.244.0.0/16',
    nodePortRange: [30000, 32767],
    clusterDomain: 'cluster.local',
    dns: { clusterIP: '10.96.0.10', listenAddress: '127.0.0.1', hosts: {}, ...freeDnsPorts },
    hostPathProvisionerDir: join(dir, 'volumes'),
  }
  let running = await startControlPlane(config, { log })
  const clients: HttpClient[] = []
  return {
    config,
    get running() {
      return running
    },
    ca,
    request: (method, path, { headers = {}, body, as = admin } = {}) =>
      sendHttps(running.port, ca, as, method, path, headers, body),
    client(as = admin) {
      const transport = createHttpTransport({ server: running.url, ca: ca.pem, cert: as.pem, key: as.keyPem })
      const client = createHttpClient(transport, { userAgent: 'test/1' })
      clients.push(client)
      return client
    },
    user: (name, ...groups) => issue(name, groups, ca),
    async stop() {
      for (const client of clients) client.close()
      await running.stop()
      rmSync(dir, { recursive: true })
    },
    async restart() {
      await running.stop()
      running = await startControlPlane(config, { log })
    },
  }
}

/** Nobody asks these name servers anything. */
const freeDnsPorts: object = { port: 0, metricsPort: 0 }

/** One HTTP/1.1 request to a server of the loopback whose certificate `ca` signed. */
export function sendHttps(
  port: number,
  ca: TestCertificate,
  as: TestCertificate | null,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ ca: ca.pem, ...(as && { cert: as.pem, key: as.keyPem }) })
    const options = { host: '127.0.0.1', port, method, path, headers, agent }
    const outgoing = httpsRequest(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: bytes,
          text: bytes.toString(),
          get json() {
            return JSON.parse(bytes.toString()) as Record<string, unknown>
          },
        })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
