import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import type { KubeObject } from '../../api/kube-object.ts'
import { endpointSlices, nodes, pods, serviceAccounts, services } from '../../client/resources.ts'
import { type FakeKubelet, startFakeKubelet } from '../testing/fake-kubelet.ts'
import { startTestControlPlane, type TestControlPlane } from '../testing/test-control-plane.ts'

const skipKubectl = existsSync('/usr/bin/kubectl') ? false : 'needs kubectl'
let server: TestControlPlane
let kubelet: FakeKubelet
let web: Server
let webPort: number
const home = mkdtempSync(join(tmpdir(), 'proxy-test-'))

before(async () => {
  server = await startTestControlPlane()
  kubelet = await startFakeKubelet(server.ca, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://kubelet')
    if (pathname === '/containerLogs/default/p/waiting') {
      response.writeHead(400).end('container "waiting" in pod "p" is waiting to start: ContainerCreating')
    } else if (pathname.startsWith('/containerLogs/')) response.end(`log of ${pathname} ${searchParams}\n`)
    else if (pathname === '/stats/summary') response.end(JSON.stringify(summary))
    else response.end(`kubelet ${request.method} ${request.url}`)
  })
  web = createServer((request, response) => {
    if (request.url === '/page')
      response.setHeader('content-type', 'text/html').end('<a href="/rewriteme">x</a>')
    else if (request.url === '/moved') response.writeHead(302, { location: '/page' }).end()
    else {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { authorization = 'none', 'x-forwarded-uri': uri } = request.headers
        response.end(`${request.method} ${request.url} ${Buffer.concat(chunks)} ${authorization} ${uri}`)
      })
    }
  })
  web.listen(0)
  await once(web, 'listening')
  webPort = (web.address() as AddressInfo).port
  const { client } = server.running
  await client.create(serviceAccounts, 'default', { metadata: { name: 'default' } }).catch(() => {})
  await client.create(nodes, undefined, { metadata: { name: 'n' } })
  const nodeStatus = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
  }
  await client.patch(nodes, undefined, 'n', 'merge', { status: nodeStatus }, { subresource: 'status' })
  const containers = [
    { name: 'c', image: 'i', ports: [{ containerPort: webPort }] },
    { name: 'waiting', image: 'i' },
  ]
  const pod: KubeObject = await client.create(pods, 'default', {
    metadata: { name: 'p', annotations: { 'kubectl.kubernetes.io/default-container': 'c' } },
    spec: { nodeName: 'n', containers },
  })
  const status = { phase: 'Running', podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] }
  await client.patch(pods, 'default', pod.metadata!.name!, 'merge', { status }, { subresource: 'status' })
})

after(async () => {
  await server.stop()
  await kubelet.close()
  web.closeAllConnections()
  web.close()
  rmSync(home, { recursive: true })
})

const time = '2026-01-01T00:00:00Z'
const summary = {
  node: {
    nodeName: 'n',
    cpu: { time, usageNanoCores: 250_000_000 },
    memory: { time, workingSetBytes: 1 << 30 },
  },
  pods: [
    {
      podRef: { name: 'p', namespace: 'default' },
      containers: [
        { name: 'c', cpu: { time, usageNanoCores: 1_000_000 }, memory: { time, workingSetBytes: 1 << 20 } },
      ],
    },
  ],
}

const podPath = '/api/v1/namespaces/default/pods/p'

test('logs come from the kubelet, with what it was asked for; refusals are worded', async () => {
  const answer = await server.request(
    'GET',
    `${podPath}/log?container=c&tailLines=5&follow=true&timestamps=0`,
  )
  assert.equal(answer.headers['content-type'], 'text/plain')
  assert.equal(answer.text, 'log of /containerLogs/default/p/c follow=true&tailLines=5&stream=All\n')
  assert.equal(kubelet.asked.at(-1)?.by, 'kubernetes-admin')
  const which = await server.request('GET', `${podPath}/log`)
  assert.deepEqual(
    [which.status, which.json.message],
    [400, 'a container name must be specified for pod p, choose one of: [c waiting]'],
  )
  const nobody = await server.request('GET', `${podPath}/log?container=x`)
  assert.equal(nobody.json.message, 'container x is not valid for pod p')
  const waiting = await server.request('GET', `${podPath}/log?container=waiting`)
  assert.deepEqual(
    [waiting.status, waiting.json.message],
    [400, 'container "waiting" in pod "p" is waiting to start: ContainerCreating'],
  )
  const negative = await server.request('GET', `${podPath}/log?container=c&tailLines=-1`)
  assert.deepEqual([negative.status, negative.json.reason], [422, 'Invalid'])
})

test('logs over a WebSocket', async () => {
  const { ca, cert, key } = credentials()
  const url = `${server.running.url.replace('https', 'wss')}${podPath}/log?container=c`
  const socket = new WebSocket(url, ['binary.k8s.io'], { ca, cert, key })
  const messages: string[] = []
  socket.on('message', (data) => messages.push(String(data)))
  await once(socket, 'close')
  assert.equal(socket.protocol, 'binary.k8s.io')
  assert.equal(messages.join(''), 'log of /containerLogs/default/p/c stream=All\n')
})

for (const webSockets of ['true', 'false']) {
  const name = webSockets === 'true' ? 'WebSocket' : 'SPDY'
  test(`exec, attach and port-forward through kubectl over ${name}`, { skip: skipKubectl }, async () => {
    const result = await kubectl(
      webSockets,
      ['exec', '-i', 'p', '--', 'sh', '-c', 'cat; echo err >&2; exit 3'],
      'in\n',
    )
    assert.equal(result.stdout, 'in\n')
    assert.match(result.stderr, /err\n/)
    assert.equal(result.code, 3)
    assert.match(kubelet.asked.at(-1)!.url, /^\/exec\/default\/p\/c\?/)
    const attached = await kubectl(webSockets, ['attach', '-i', 'p', '-c', 'c'], 'hello\n')
    assert.equal(attached.stdout, 'hello\n')
    const missing = await kubectl(webSockets, ['exec', 'nobody', '--', 'true'])
    assert.match(missing.stderr, /pods "nobody" not found/)

    const child = execFile('/usr/bin/kubectl', ['port-forward', 'pod/p', `:${webPort}`], {
      env: environment(webSockets),
    })
    const [line] = (await once(child.stdout!, 'data')) as [string]
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1])
    const connection = connect(port, '127.0.0.1')
    connection.write('GET /through HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    let text = ''
    for await (const chunk of connection) text += chunk
    assert.match(text, /GET \/through/)
    child.kill()
    await once(child, 'exit')
  })
}

test('who may not create an exec may not get one over a WebSocket either', async () => {
  const reader = server.user('reader')
  const { ca } = credentials()
  const url = `${server.running.url.replace('https', 'wss')}${podPath}/exec?container=c&command=true&stdout=true`
  const socket = new WebSocket(url, ['v5.channel.k8s.io'], { ca, cert: reader.pem, key: reader.keyPem })
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }]
  assert.equal(answer.statusCode, 403)
})

test('proxies to pods: methods, bodies, queries, links, redirects, no credentials', async () => {
  const path = `${podPath}:${webPort}/proxy`
  const answer = await server.request('POST', `${path}/a%20b/c?d=e`, {
    body: 'body',
    headers: { 'content-type': 'text/plain' },
  })
  assert.equal(answer.text, `POST /a%20b/c?d=e body none ${podPath}:${webPort}/proxy/a b/c`)
  const root = await server.request('GET', `${path}?d=e`)
  assert.deepEqual([root.status, root.headers.location], [301, `${path}/?d=e`])
  assert.match((await server.request('OPTIONS', path)).text, /^OPTIONS \/ /)
  const page = await server.request('GET', `${podPath}/proxy/page`)
  assert.equal(page.text, `<a href="${podPath}/proxy/rewriteme">x</a>`)
  const moved = await server.request('GET', `${path}/moved`)
  assert.deepEqual([moved.status, moved.headers.location], [302, `${path}/page`])
  const closed = await server.request('GET', `${podPath}:1/proxy/`)
  assert.deepEqual([closed.status, closed.json.reason], [503, 'ServiceUnavailable'])
})

test('proxies to a node are the kubelet’s', async () => {
  const answer = await server.request('GET', '/api/v1/nodes/n/proxy/pods?x=y')
  assert.equal(answer.text, 'kubelet GET /pods?x=y')
  const other = await server.request('GET', `/api/v1/nodes/n:${webPort}/proxy/z`)
  assert.match(other.text, /^GET \/z /)
})

const address = Object.values(networkInterfaces())
  .flat()
  .find((found) => found?.family === 'IPv4' && !found.internal)?.address

test('proxies to services', { skip: address ? false : 'needs an address besides the loopback' }, async () => {
  const { client } = server.running
  await client.create(services, 'default', {
    metadata: { name: 's' },
    spec: { ports: [{ name: 'http', port: 80, targetPort: webPort }] },
  })
  const path = '/api/v1/namespaces/default/services/s'
  const none = await server.request('GET', `${path}:80/proxy/`)
  assert.deepEqual([none.status, none.json.message], [503, 'no endpoints available for service "s:80"'])
  await client.create(endpointSlices, 'default', {
    metadata: { name: 's-1', labels: { 'kubernetes.io/service-name': 's' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address!], conditions: { ready: true } }],
    ports: [{ name: 'http', port: webPort, protocol: 'TCP' }],
  })
  for (const id of ['s', 's:80', 's:http', 'http:s:http']) {
    const answer = await server.request('GET', `/api/v1/namespaces/default/services/${id}/proxy/x`)
    assert.match(answer.text, /^GET \/x /, id)
  }
  const unknown = await server.request('GET', `${path}:nope/proxy/`)
  assert.equal(unknown.json.message, 'no service port "nope" found for service "s"')
})

test('metrics of nodes and pods are computed from what kubelets know', async () => {
  const node = await server.request('GET', '/apis/metrics.k8s.io/v1beta1/nodes/n')
  assert.deepEqual(node.json.usage, { cpu: '250000000n', memory: '1048576Ki' })
  const list = await server.request('GET', '/apis/metrics.k8s.io/v1beta1/namespaces/default/pods')
  assert.equal(list.json.kind, 'PodMetricsList')
  const [pod] = list.json.items as { metadata: { name: string }; containers: object[] }[]
  assert.equal(pod?.metadata.name, 'p')
  assert.deepEqual(pod?.containers, [{ name: 'c', usage: { cpu: '1000000n', memory: '1024Ki' } }])
})

function credentials(): { ca: string; cert: string; key: string } {
  const admin = server.user('kubernetes-admin', 'system:masters')
  return { ca: server.ca.pem, cert: admin.pem, key: admin.keyPem }
}

function environment(webSockets: string): NodeJS.ProcessEnv {
  const { ca, cert, key } = credentials()
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const file = join(home, 'kubeconfig')
  const cluster = { server: server.running.url, 'certificate-authority-data': base64(ca) }
  const user = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  return {
    PATH: process.env.PATH,
    HOME: home,
    KUBECONFIG: file,
    KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets,
    KUBECTL_PORT_FORWARD_WEBSOCKETS: webSockets,
  }
}

function kubectl(webSockets: string, args: string[], input = '') {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { env: environment(webSockets), timeout: 20_000 }
    const child = execFile('/usr/bin/kubectl', args, options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    )
    child.stdin?.end(input)
  })
}
