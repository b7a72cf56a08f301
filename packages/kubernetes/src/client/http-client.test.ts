import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { isReason } from '../api/api-error.ts'
import { encodeSubjectAltName, issueCertificate, publicKeyOf } from '../certificates/issue-certificate.ts'
import { encodeName } from '../certificates/x509-name.ts'
import { createHttpClientFromKubeconfig } from './kubeconfig-client.ts'
import { nodes, pods } from './resources.ts'

let folder: string
let tlsFiles: { key: string; cert: string }

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'http-client-'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const now = Date.now()
  tlsFiles = {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: issueCertificate(
      {
        subject: encodeName({ commonName: 'test', organizations: [] }),
        publicKey: publicKeyOf(privateKey),
        notBefore: now - 60_000,
        notAfter: now + 3_600_000,
        keyUsages: ['digitalSignature', 'keyCertSign'],
        isCa: true,
        subjectAltName: encodeSubjectAltName(['127.0.0.1']),
      },
      { key: privateKey },
    ),
  }
  await writeFile(join(folder, 'cert.pem'), tlsFiles.cert)
})

after(() => rm(folder, { recursive: true }))

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const servers = {
  'HTTP/2': (handler: Handler) =>
    http2.createSecureServer({ ...tlsFiles, allowHTTP1: true }, handler as unknown as () => void),
  'HTTP/1.1': (handler: Handler) => https.createServer(tlsFiles, handler),
}

async function kubeconfig(port: number): Promise<string> {
  const path = join(folder, `config-${port}`)
  await writeFile(join(folder, 'token'), 'secret\n')
  await writeFile(
    path,
    `
current-context: test
contexts:
- name: test
  context: { cluster: c, user: u }
clusters:
- name: c
  cluster: { server: "https://127.0.0.1:${port}/prefix", certificate-authority: cert.pem }
users:
- name: u
  user: { tokenFile: token }
`,
  )
  return path
}

for (const [protocol, create] of Object.entries(servers)) {
  test(`${protocol}: requests, errors, watches`, async () => {
    const seen: string[] = []
    let finishWatch: (() => void) | undefined
    let watchClosed: Promise<unknown> | undefined
    const server = create(async (request, response) => {
      const body = await text(request)
      seen.push(
        `${request.httpVersion} ${request.method} ${request.url} ${request.headers.authorization} ${request.headers['content-type'] ?? '-'} ${body}`,
      )
      const reply = (status: number, value: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(value))
      }
      if (request.url?.includes('watch=true')) {
        response.writeHead(200)
        const line = `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'é' } } })}\n`
        const bytes = Buffer.from(line)
        const cut = bytes.indexOf(0xc3) + 1
        // Cut within a character: the reader has to put it together again.
        response.write(bytes.subarray(0, cut))
        setImmediate(() => response.write(bytes.subarray(cut)))
        watchClosed = once(response, 'close')
        finishWatch = () => response.end()
      } else if (request.method === 'GET' && request.url?.endsWith('/missing')) {
        reply(404, {
          kind: 'Status',
          status: 'Failure',
          reason: 'NotFound',
          code: 404,
          message: 'nodes "missing" not found',
        })
      } else if (request.method === 'GET') {
        reply(200, {
          kind: 'PodList',
          apiVersion: 'v1',
          metadata: { resourceVersion: '7' },
          items: [{ metadata: { name: 'a' } }],
        })
      } else reply(200, JSON.parse(body || '{}'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = await createHttpClientFromKubeconfig(
      await kubeconfig((server.address() as AddressInfo).port),
    )
    try {
      const list = await client.list(pods, { namespace: 'default', labelSelector: 'a=b,c in (d)' })
      assert.deepEqual(list.items, [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }])
      await assert.rejects(
        client.get(nodes, undefined, 'missing'),
        (error) => isReason(error, 'NotFound') && error.message === 'nodes "missing" not found',
      )
      await client.patch(pods, 'default', 'a', 'apply', { a: 1 }, { fieldManager: 'me', force: true })
      await client.update(nodes, { metadata: { name: 'n' } }, { subresource: 'status' })

      const stop = new AbortController()
      const names: unknown[] = []
      for await (const event of client.watch(pods, { resourceVersion: '7', signal: stop.signal })) {
        names.push(event.object.metadata?.name)
        finishWatch?.()
      }
      assert.deepEqual(names, ['é'])

      for await (const _ of client.watch(pods, { signal: stop.signal })) stop.abort()
      await watchClosed

      const version = protocol === 'HTTP/2' ? '2.0' : '1.1'
      assert.deepEqual(seen.slice(0, 5), [
        `${version} GET /prefix/api/v1/namespaces/default/pods?labelSelector=a%3Db%2Cc+in+%28d%29 Bearer secret - `,
        `${version} GET /prefix/api/v1/nodes/missing Bearer secret - `,
        `${version} PATCH /prefix/api/v1/namespaces/default/pods/a?fieldManager=me&force=true Bearer secret application/apply-patch+yaml {"a":1}`,
        `${version} PUT /prefix/api/v1/nodes/n/status Bearer secret application/json {"metadata":{"name":"n"}}`,
        `${version} GET /prefix/api/v1/pods?resourceVersion=7&watch=true Bearer secret - `,
      ])
    } finally {
      client.close()
      server.close()
    }
    await once(server, 'close')
  })
}

test('HTTP/2: a server that goes away is ServiceUnavailable, and one that comes back is found', async () => {
  const sessions = new Set<http2.ServerHttp2Session>()
  const make = (): http2.Http2SecureServer => {
    const server = http2.createSecureServer(tlsFiles, (request, response) => {
      if (request.url.includes('watch=')) response.write('')
      else response.end('{}')
    })
    server.on('session', (session) => sessions.add(session))
    return server
  }
  const first = make()
  first.listen(0, '127.0.0.1')
  await once(first, 'listening')
  const { port } = first.address() as AddressInfo
  const client = await createHttpClientFromKubeconfig(await kubeconfig(port))
  await client.get(nodes, undefined, 'n')
  const watching = client
    .watch(nodes, { signal: new AbortController().signal })
    [Symbol.asyncIterator]()
    .next()
  const failed = assert.rejects(watching, (error) => isReason(error, 'ServiceUnavailable'))
  await once(first, 'request')
  for (const session of sessions) session.destroy()
  first.close()
  await failed
  await assert.rejects(client.get(nodes, undefined, 'n'), (error) => isReason(error, 'ServiceUnavailable'))
  const second = make()
  second.listen(port, '127.0.0.1')
  await once(second, 'listening')
  await client.get(nodes, undefined, 'n')
  client.close()
  second.close()
})
