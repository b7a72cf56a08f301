import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import dnsPacket, { type Answer, type DecodedPacket, type Packet, type RecordType } from 'dns-packet'
import type { Service } from '../api/types/core-v1.ts'
import type { EndpointSlice } from '../api/types/discovery-v1.ts'
import { createInformerFactory } from '../client/create-informer-factory.ts'
import * as resources from '../client/resources.ts'
import { MemoryClient } from '../client/testing/memory-client.ts'
import { silentLogger } from '../log.ts'
import type { DnsConfig } from './dns-config.ts'
import { Upstreams } from './forward/upstreams.ts'
import { startDns } from './start-dns.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const ednsQuestion = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 4096,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
} as Answer

/** A name server for a small cluster, asked by a client that has its own opinion of the format (dns-packet). */
async function server(more: Partial<DnsConfig> = {}) {
  const client = new MemoryClient()
  for (const name of ['default', 'kube-system']) client.put(resources.namespaces, { metadata: { name } })
  service('web', {
    clusterIP: '10.96.0.20',
    ports: [
      { name: 'http', port: 80 },
      { port: 53, protocol: 'UDP' },
    ],
  })
  service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] })
  service('empty', { clusterIP: 'None' })
  service('out', { type: 'ExternalName', externalName: 'example.test' })
  service('in', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' })
  slice('db', ['10.244.0.5', '10.244.0.6'], [{ name: 'sql', port: 5432, protocol: 'TCP' }])
  const informers = createInformerFactory(client, { log: silentLogger })
  const dns = startDns(
    {
      clusterIP: '10.96.0.10',
      listenAddress: '127.0.0.1',
      port: 0,
      metricsPort: 0,
      clusterDomain: 'cluster.local',
      upstreams: [],
      hosts: { 'host.minikube.internal': '192.168.49.1' },
      serviceCidr: '10.96.0.0/12',
      ...more,
    },
    { informers, client, log: silentLogger },
  )
  ends.push(
    () => informers.stop(),
    () => dns.stop(),
  )
  const port = await dns.listening

  function service(name: string, spec: Service['spec']) {
    client.put<Service>(resources.services, { metadata: { name, namespace: 'default' }, spec })
  }
  function slice(name: string, addresses: string[], ports: EndpointSlice['ports'], suffix = '') {
    client.put<EndpointSlice>(resources.endpointSlices, {
      metadata: {
        name: `${name}-x${suffix}`,
        namespace: 'default',
        labels: { 'kubernetes.io/service-name': name },
      },
      addressType: 'IPv4',
      endpoints: addresses.map((address, index) => ({
        addresses: [address],
        conditions: { ready: true },
        ...(index === 0 && { hostname: `${name}-0` }),
      })),
      ...(ports && { ports }),
    })
  }
  function ask(name: string, type: RecordType = 'A', options: { edns?: boolean; tcp?: boolean } = {}) {
    const packet: Packet = {
      type: 'query',
      id: 7,
      flags: dnsPacket.RECURSION_DESIRED,
      questions: [{ name, type }],
      ...(options.edns && { additionals: [ednsQuestion] }),
    }
    const message = dnsPacket.encode(packet)
    return (options.tcp ? askTcp : askUdp)(message, port)
  }
  return { client, ask, slice, port, informers, service }
}

function askUdp(message: Buffer, port: number): Promise<DecodedPacket> {
  const socket = createSocket('udp4')
  return new Promise<DecodedPacket>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('message', (answer) => resolve(dnsPacket.decode(answer)))
    socket.send(message, port, '127.0.0.1')
  }).finally(() => socket.close())
}

function askTcp(message: Buffer, port: number): Promise<DecodedPacket> {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.concat([length, message])))
  return new Promise<DecodedPacket>((resolve, reject) => {
    let received = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        resolve(dnsPacket.decode(received.subarray(2)))
      }
    })
  }).finally(() => socket.destroy())
}

function dataOf({ answers = [] }: DecodedPacket): unknown[] {
  return answers.map(({ data }) => data)
}

function rcode(packet: DecodedPacket): string {
  return packet.rcode
}

test('Services have their addresses, in whatever letters', async () => {
  const { ask } = await server()
  const answer = await ask('WEB.Default.svc.cluster.local')
  assert.deepEqual(dataOf(answer), ['10.96.0.20'])
  assert.equal(answer.answers?.[0]?.name, 'WEB.Default.svc.cluster.local')
  assert.ok(answer.flag_aa)
  assert.equal(answer.id, 7)
})

test('a name without that type is not a name that does not exist', async () => {
  const { ask } = await server()
  for (const [name, want] of [
    ['web.default.svc.cluster.local', 'NOERROR'],
    ['default.svc.cluster.local', 'NOERROR'],
    ['svc.cluster.local', 'NOERROR'],
    ['no.default.svc.cluster.local', 'NXDOMAIN'],
    ['nobody.svc.cluster.local', 'NXDOMAIN'],
    ['empty.default.svc.cluster.local', 'NXDOMAIN'],
    ['google.com.cluster.local', 'NXDOMAIN'],
    ['a.b.c.web.default.svc.cluster.local', 'NXDOMAIN'],
  ] as const) {
    const answer = await ask(name, 'AAAA')
    assert.equal(rcode(answer), want, name)
    assert.deepEqual(answer.answers, [])
    assert.equal(answer.authorities?.[0]?.type, 'SOA', name)
    assert.equal(answer.authorities?.[0]?.name, 'cluster.local')
  }
})

test('headless Services have their endpoints, each with a name', async () => {
  const { ask } = await server()
  assert.deepEqual(dataOf(await ask('db.default.svc.cluster.local')).sort(), ['10.244.0.5', '10.244.0.6'])
  assert.deepEqual(dataOf(await ask('db-0.db.default.svc.cluster.local')), ['10.244.0.5'])
  assert.deepEqual(dataOf(await ask('10-244-0-6.db.default.svc.cluster.local')), ['10.244.0.6'])
})

test('ports are found by name and protocol', async () => {
  const { ask } = await server()
  const web = await ask('_http._tcp.web.default.svc.cluster.local', 'SRV')
  assert.deepEqual(dataOf(web), [
    { priority: 0, weight: 100, port: 80, target: 'web.default.svc.cluster.local' },
  ])
  assert.equal(web.additionals?.[0]?.data, '10.96.0.20')
  const db = await ask('_sql._tcp.db.default.svc.cluster.local', 'SRV')
  assert.deepEqual(
    dataOf(db)
      .map((data) => (data as { target: string }).target)
      .sort(),
    ['10-244-0-6.db.default.svc.cluster.local', 'db-0.db.default.svc.cluster.local'],
  )
  assert.equal(rcode(await ask('_http._udp.web.default.svc.cluster.local', 'SRV')), 'NXDOMAIN')
})

test('pods, reverse names, hosts and the version', async () => {
  const { ask } = await server()
  assert.deepEqual(dataOf(await ask('10-244-0-9.default.pod.cluster.local')), ['10.244.0.9'])
  assert.equal(rcode(await ask('10-244-0-9.nowhere.pod.cluster.local')), 'NXDOMAIN')
  assert.equal(rcode(await ask('no-address.default.pod.cluster.local')), 'NXDOMAIN')
  assert.deepEqual(dataOf(await ask('20.0.96.10.in-addr.arpa', 'PTR')), ['web.default.svc.cluster.local'])
  assert.deepEqual(dataOf(await ask('5.0.244.10.in-addr.arpa', 'PTR')), ['db-0.db.default.svc.cluster.local'])
  assert.equal(rcode(await ask('21.0.96.10.in-addr.arpa', 'PTR')), 'NXDOMAIN')
  assert.deepEqual(dataOf(await ask('host.minikube.internal')), ['192.168.49.1'])
  assert.equal(rcode(await ask('host.minikube.internal', 'AAAA')), 'NOERROR')
  assert.deepEqual(dataOf(await ask('1.49.168.192.in-addr.arpa', 'PTR')), ['host.minikube.internal'])
  assert.equal(String(dataOf(await ask('dns-version.cluster.local', 'TXT'))), '1.1.0')
})

test('external names are followed, inside and outside', async () => {
  const upstream = await fakeUpstream((question) => [
    { type: 'A', name: question, ttl: 5, data: '192.0.2.7' },
  ])
  const { ask } = await server({ upstreams: [`127.0.0.1:${upstream.port}`] })
  assert.deepEqual(dataOf(await ask('in.default.svc.cluster.local')), [
    'web.default.svc.cluster.local',
    '10.96.0.20',
  ])
  assert.deepEqual(dataOf(await ask('out.default.svc.cluster.local')), ['example.test', '192.0.2.7'])
})

test('what does not fit comes in part, and whole over TCP', async () => {
  const { ask, slice, informers } = await server()
  const addresses = Array.from({ length: 200 }, (_, index) => `10.244.1.${index}`)
  slice('db', addresses, [{ name: 'sql', port: 5432, protocol: 'TCP' }], '2')
  const slices = informers.informer<EndpointSlice>(resources.endpointSlices)
  await new Promise<void>((resolve) => {
    slices.listen(({ current }) => current?.metadata.name === 'db-x2' && resolve())
  })
  const small = await ask('db.default.svc.cluster.local')
  assert.ok(small.flag_tc)
  assert.equal(small.answers?.length, 29)
  const bigger = await ask('db.default.svc.cluster.local', 'A', { edns: true })
  assert.ok(!bigger.flag_tc)
  assert.equal(bigger.answers?.length, 202)
  assert.equal(bigger.additionals?.[0]?.type, 'OPT')
  assert.equal((await ask('db.default.svc.cluster.local', 'A', { tcp: true })).answers?.length, 202)
})

test('other names are asked elsewhere, once, and over TCP when they are long', async () => {
  const upstream = await fakeUpstream((question) =>
    question.startsWith('long')
      ? Array.from({ length: 100 }, (_, index) => ({
          type: 'A',
          name: question,
          ttl: 60,
          data: `192.0.2.${index}`,
        }))
      : [{ type: 'A', name: question, ttl: 60, data: '192.0.2.1' }],
  )
  const { ask } = await server({ upstreams: [`127.0.0.1:${upstream.port}`] })
  const answers = await Promise.all([ask('a.test'), ask('A.test'), ask('a.test')])
  assert.deepEqual(answers.map(dataOf), [['192.0.2.1'], ['192.0.2.1'], ['192.0.2.1']])
  await ask('a.test')
  assert.equal(upstream.asked.filter((name) => name.toLowerCase() === 'a.test').length, 1)
  assert.equal((await ask('long.test', 'A', { tcp: true })).answers?.length, 100)
  const short = await ask('long.test')
  assert.ok(short.flag_tc)
})

test('a silent server is passed over, nobody at all is said quickly', async () => {
  const upstream = await fakeUpstream((question) => [
    { type: 'A', name: question, ttl: 60, data: '192.0.2.1' },
  ])
  const closed = await freePort()
  const { ask } = await server({ upstreams: [`127.0.0.1:${closed}`, `127.0.0.1:${upstream.port}`] })
  assert.deepEqual(dataOf(await ask('b.test')), ['192.0.2.1'])
  const lonely = await server({ upstreams: [`127.0.0.1:${closed}`] })
  const began = performance.now()
  assert.equal(rcode(await lonely.ask('c.test')), 'SERVFAIL')
  assert.equal(rcode(await (await server({ upstreams: [] })).ask('c.test')), 'SERVFAIL')
  assert.ok(performance.now() - began < 1000)
})

test('when nobody answers at all, that is said soon from the second question on', async () => {
  const silent = createSocket('udp4')
  await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve))
  ends.push(() => silent.close())
  const { ask } = await server({ upstreams: [`127.0.0.1:${silent.address().port}`] })
  await ask('slow.test')
  const began = performance.now()
  assert.equal(rcode(await ask('slower.test')), 'SERVFAIL')
  assert.ok(performance.now() - began < 1500)
})

test('a server that asks us back is not used', async () => {
  const own = await freePort()
  // Sends everything on to the server under test, as a resolver does that was told to.
  const relay = createSocket('udp4')
  relay.on('message', (message, { port }) => {
    if (port !== own) relay.send(message, own, '127.0.0.1')
  })
  await new Promise<void>((resolve) => relay.bind(0, '127.0.0.1', resolve))
  ends.push(() => relay.close())
  const { ask } = await server({ port: own, upstreams: [`127.0.0.1:${relay.address().port}`] })
  const began = performance.now()
  assert.equal(rcode(await ask('d.test')), 'SERVFAIL')
  assert.ok(performance.now() - began < 900)
})

test('resolv.conf is read again when it has changed, without our own address', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dns-'))
  ends.push(() => rm(folder, { recursive: true }))
  const resolvConf = join(folder, 'resolv.conf')
  writeFileSync(resolvConf, 'search example.test\nnameserver 10.244.0.1\nnameserver 192.0.2.53\n')
  let now = 0
  const upstreams = new Upstreams({ resolvConf, own: ['10.244.0.1'], now: () => now })
  assert.deepEqual(upstreams.list, [{ address: '192.0.2.53', port: 53 }])
  writeFileSync(resolvConf, '# new\nnameserver 192.0.2.54 # office\n')
  assert.deepEqual(upstreams.list, [{ address: '192.0.2.53', port: 53 }])
  now = 6_000
  assert.deepEqual(upstreams.list, [{ address: '192.0.2.54', port: 53 }])
})

test('nonsense is refused and does no harm', async () => {
  const { ask, port } = await server()
  const socket = createSocket('udp4')
  ends.push(() => socket.close())
  const junk = [Buffer.alloc(0), Buffer.from([1, 2, 3]), Buffer.alloc(12, 0xff), Buffer.alloc(600, 0xc0)]
  const loop = dnsPacket.encode({ type: 'query', id: 9, questions: [{ name: 'x', type: 'A' }] })
  loop.writeUInt16BE(0xc00c, 12)
  for (const message of [...junk, loop]) socket.send(message, port, '127.0.0.1')
  for (let index = 0; index < 500; index++)
    socket.send(Buffer.from(crypto.getRandomValues(new Uint8Array(40))), port, '127.0.0.1')
  assert.deepEqual(dataOf(await ask('web.default.svc.cluster.local')), ['10.96.0.20'])
  assert.equal(rcode(await ask('web.default.svc.cluster.local', 'AXFR')), 'REFUSED')
})

test('the kube-dns Service is there, leads to the server, and comes back', async () => {
  const { client, port, informers } = await server()
  const slices = informers.informer<EndpointSlice>(resources.endpointSlices)
  const seen = (wanted: boolean) =>
    new Promise<EndpointSlice | undefined>((resolve) => {
      const stop = slices.listen(({ current, old }) => {
        if ((current ?? old)?.metadata.name !== 'kube-dns' || Boolean(current) !== wanted) return
        queueMicrotask(() => stop())
        resolve(current)
      })
    })
  const slice = await seen(true)
  assert.equal(slice?.ports?.find(({ name }) => name === 'dns')?.port, port)
  const service = await client.get<Service>(resources.services, 'kube-system', 'kube-dns')
  assert.equal(service.spec?.clusterIP, '10.96.0.10')
  const gone = seen(false)
  client.remove(resources.endpointSlices, 'kube-system', 'kube-dns')
  await gone
  assert.ok(await seen(true))
})

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}

/** Answers over UDP and TCP; cuts off over UDP what is longer than 512 bytes. */
async function fakeUpstream(
  answer: (question: string) => { type: string; name: string; ttl: number; data: string }[],
) {
  const { createServer } = await import('node:net')
  const asked: string[] = []
  const respond = (message: Buffer): Buffer => {
    const { id = 0, questions = [] } = dnsPacket.decode(message)
    const name = questions[0]?.name ?? ''
    asked.push(name)
    return dnsPacket.encode({ type: 'response', id, questions, answers: answer(name) as Answer[] })
  }
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      const response = respond(chunk.subarray(2))
      const length = Buffer.alloc(2)
      length.writeUInt16BE(response.length)
      socket.end(Buffer.concat([length, response]))
    })
  })
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  const { port } = tcp.address() as { port: number }
  const udp = createSocket('udp4')
  udp.on('message', (message, client) => {
    const response = respond(message)
    if (response.length > 512) {
      const { questions = [], id = 0 } = dnsPacket.decode(message)
      const short = dnsPacket.encode({ type: 'response', id, flags: dnsPacket.TRUNCATED_RESPONSE, questions })
      udp.send(short, client.port, client.address)
    } else udp.send(response, client.port, client.address)
  })
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve))
  ends.push(
    () => udp.close(),
    () => tcp.close(),
  )
  return { port, asked }
}
