import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import type { KubeObject } from '../../api/kube-object.ts'
import { apiServices, endpointSlices, services } from '../../client/resources.ts'
import { issue, testCa } from '../auth/testing/certificates.ts'
import { startTestControlPlane, type TestControlPlane } from '../testing/test-control-plane.ts'

const address = Object.values(networkInterfaces())
  .flat()
  .find((found) => found?.family === 'IPv4' && !found.internal)?.address

const wardle = {
  kind: 'APIResourceList',
  groupVersion: 'wardle.example/v1',
  resources: [
    { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['get', 'list'] },
    { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
  ],
}

test('a server behind an APIService answers for its group version', {
  skip: address ? false : 'needs an address besides the loopback',
}, async () => {
  const server = await startTestControlPlane()
  const { client } = server.running
  const ca = testCa('wardle-ca')
  const { pem, keyPem } = issue('wardle', [], ca, { server: ['api.default.svc'] })
  const requests: IncomingMessage[] = []
  const extension = createServer({ cert: pem, key: keyPem }, (request, response) => {
    requests.push(request)
    response.setHeader('content-type', 'application/json')
    const isDiscovery = request.url === '/apis/wardle.example/v1'
    response.end(JSON.stringify(isDiscovery ? wardle : { kind: 'FlunderList', items: [] }))
  })
  extension.listen(0)
  await once(extension, 'listening')
  const { port } = extension.address() as AddressInfo

  await client.create(services, 'default', {
    metadata: { name: 'api' },
    spec: { ports: [{ port: 443, targetPort: port }] },
  })
  await client.create(apiServices, undefined, {
    metadata: { name: 'v1.wardle.example' },
    spec: {
      group: 'wardle.example',
      version: 'v1',
      service: { name: 'api', namespace: 'default' },
      caBundle: Buffer.from(ca.pem).toString('base64'),
      groupPriorityMinimum: 2000,
      versionPriority: 200,
    },
  })
  const missing = await availability(server, 'False')
  assert.equal(missing.reason, 'EndpointsNotFound')
  assert.equal((await server.request('GET', '/apis/wardle.example/v1/flunders')).status, 503)

  await client.create(endpointSlices, 'default', {
    metadata: { name: 'api-1', labels: { 'kubernetes.io/service-name': 'api' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address!], conditions: { ready: true } }],
    ports: [{ name: '', port, protocol: 'TCP' }],
  })
  const passed = await availability(server, 'True')
  assert.deepEqual([passed.reason, passed.message], ['Passed', 'all checks passed'])

  const list = await server.request('GET', '/apis/wardle.example/v1/flunders?limit=5', {
    headers: { 'x-remote-user': 'forged', 'x-remote-group': 'forged', authorization: 'Bearer none' },
  })
  assert.deepEqual(list.json, { kind: 'FlunderList', items: [] })
  const { url, headers } = requests.at(-1)!
  assert.equal(url, '/apis/wardle.example/v1/flunders?limit=5')
  assert.equal(headers['x-remote-user'], 'kubernetes-admin')
  assert.equal(headers['x-remote-group'], 'system:masters, system:authenticated')
  assert.equal(headers.authorization, undefined)

  const groups = await server.request('GET', '/apis')
  const names = (groups.json.groups as { name: string }[]).map(({ name }) => name)
  assert.ok(names.includes('wardle.example'))
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  const all = await server.request('GET', '/apis', { headers: { accept } })
  const items = all.json.items as { metadata: { name: string }; versions: { resources: object[] }[] }[]
  const [version] = items.find(({ metadata }) => metadata.name === 'wardle.example')!.versions
  assert.deepEqual(version?.resources, [
    {
      resource: 'flunders',
      responseKind: { group: 'wardle.example', version: 'v1', kind: 'Flunder' },
      scope: 'Namespaced',
      singularResource: 'flunder',
      verbs: ['get', 'list'],
      subresources: [
        {
          subresource: 'status',
          responseKind: { group: 'wardle.example', version: 'v1', kind: 'Flunder' },
          verbs: ['get'],
        },
      ],
    },
  ])

  await client.delete(apiServices, undefined, 'v1.wardle.example')
  assert.equal((await server.request('GET', '/apis/wardle.example/v1/flunders')).status, 404)
  extension.closeAllConnections()
  extension.close()
  await server.stop()
})

/** Resolves with the condition when it has that status. */
async function availability(
  { running }: TestControlPlane,
  status: string,
): Promise<{ reason: string; message: string }> {
  const stop = new AbortController()
  for await (const { object } of running.client.watch<KubeObject>(apiServices, { signal: stop.signal })) {
    if (object.metadata?.name !== 'v1.wardle.example') continue
    const { conditions = [] } = (object.status ?? {}) as {
      conditions?: { status: string; reason: string; message: string }[]
    }
    if (conditions[0]?.status !== status) continue
    stop.abort()
    return conditions[0]
  }
  throw new Error('the watch ended')
}
