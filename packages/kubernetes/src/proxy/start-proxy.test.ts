import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Pod, ServiceSpec } from '../api/types/core-v1.ts'
import type { Endpoint } from '../api/types/discovery-v1.ts'
import type { NetworkPolicySpec } from '../api/types/networking-v1.ts'
import { createInformerFactory } from '../client/create-informer-factory.ts'
import * as resources from '../client/resources.ts'
import { MemoryClient } from '../client/testing/memory-client.ts'
import { createLogger } from '../log.ts'
import type { NodeConfig } from '../node-config.ts'
import { startProxy } from './start-proxy.ts'
import { Lab } from './testing/lab.ts'

/*
 * The proxy with real packets: the file runs itself again in a network namespace of its own, which plays the node, so that
 * nothing of the machine is touched.
 */
const marker = 'PROXY_TEST_NAMESPACE'
const missing = ['nft', 'ip', 'unshare', 'conntrack'].filter(
  (program) => spawnSync('which', [program]).status !== 0,
)

if (process.env[marker] === undefined) {
  const reason =
    process.getuid?.() !== 0 ? 'needs root' : missing.length > 0 ? `needs ${missing.join(', ')}` : false
  test('the proxy in a network namespace', { skip: reason }, (t) => {
    // Whatever happens, nothing of it outlives the process: neither processes nor the names of namespaces.
    const alone = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c']
    const script = 'mkdir -p /run/netns && mount -t tmpfs none /run/netns && exec "$@"'
    const node = [process.execPath, '--test', '--test-timeout=20000', '--test-reporter=spec']
    const args = [...alone, script, 'sh', ...node, fileURLToPath(import.meta.url)]
    // A test run within a test run would report to the outer one in its own format.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const inner = spawnSync('unshare', args, {
      env: { ...env, [marker]: '1' },
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    assert.equal(inner.status, 0, `${inner.stdout}${inner.stderr}`)
    for (const line of inner.stdout.split('\n')) if (line.includes('median')) t.diagnostic(line.trim())
  })
} else {
  describeProxy()
}

function describeProxy(): void {
  execFileSync('ip', ['link', 'set', 'lo', 'up'])
  const lab = new Lab()
  const client = new MemoryClient()
  const problems: string[] = []
  let heard: (line: string) => void = () => undefined
  const log = createLogger((line) => {
    problems.push(line)
    heard(line)
  })
  /** Resolves when the log says so. */
  const said = (words: string) =>
    new Promise<void>((resolve) => {
      heard = (line) => line.includes(words) && resolve()
    })
  const informers = createInformerFactory(client, { log })
  const config = {
    nodeName: 'n1',
    nodeIP: '172.31.0.1',
    bridge: { name: 'br-test', address: '10.244.0.1/24' },
    podCidr: '10.244.0.0/24',
    serviceCidr: '10.96.0.0/16',
    loadBalancerCidr: '10.97.0.0/16',
    nftTable: 'proxy-test',
  } as NodeConfig
  const proxy = startProxy(config, { informers, log })
  const machines: Record<string, { ask(question: string): Promise<string> }> = {}
  const places: Record<string, string> = { a: '10.244.0.11', b: '10.244.0.12', c: '10.244.0.13' }

  before(async () => {
    await proxy.bridgeReady
    Object.assign(machines, await lab.node('172.31.0.1', '172.31.0.2'))
    await Promise.all(
      Object.entries(places).map(async ([name, address]) => {
        machines[name] = await lab.pod(name, 'br-test', address, '10.244.0.1')
      }),
    )
    await proxy.synced
    for (const name of Object.keys(places)) pod(name)
  })
  after(async () => {
    await proxy.cleanup()
    informers.stop()
    lab.close()
    const rules = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })
    assert.doesNotMatch(rules, /proxy-test|br-test/)
    assert.doesNotMatch(execFileSync('ip', ['route'], { encoding: 'utf8' }), /10\.9[67]\./)
  })

  function pod(
    name: string,
    labels: Record<string, string> = { app: name },
    spec: Partial<Pod['spec']> = {},
  ) {
    client.put<Pod>(resources.pods, {
      metadata: { name, namespace: 'default', labels },
      spec: {
        nodeName: 'n1',
        containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }],
        ...spec,
      },
      status: { phase: 'Running', podIP: places[name] ?? '' },
    })
  }
  function service(name: string, clusterIP: string, spec: Partial<ServiceSpec> = {}, ingress?: string) {
    client.put(resources.services, {
      metadata: { name, namespace: 'default' },
      spec: {
        clusterIP,
        clusterIPs: [clusterIP],
        type: 'ClusterIP',
        ports: [{ port: 80, protocol: 'TCP' }],
        ...spec,
      },
      status: { loadBalancer: ingress ? { ingress: [{ ip: ingress }] } : {} },
    })
  }
  function endpoints(name: string, pods: (string | Partial<Endpoint>)[], protocol = 'TCP') {
    client.put(resources.endpointSlices, {
      metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: pods.map((entry) =>
        typeof entry === 'string' ? { addresses: [places[entry] ?? entry], nodeName: 'n1' } : entry,
      ),
      ports: [{ port: 8080, protocol, name: '' }],
    })
  }
  /** Resolves when what was put so far is in the kernel. */
  async function settled() {
    // The watches of the double deliver in the next turn.
    await new Promise((resolve) => setImmediate(resolve))
    await proxy.podHasAddress({ namespace: 'none', name: 'none' }, '0.0.0.0')
  }
  const ask = (who: string, question: string) => machines[who]?.ask(question) ?? Promise.resolve('nobody')

  test('a Service is reached by pods, by the node, and by pods that serve it', async () => {
    service('one', '10.96.0.1')
    endpoints('one', ['a'])
    await settled()
    assert.equal(await ask('b', 'tcp 10.96.0.1 80'), 'a 10.244.0.12')
    assert.match(await ask('node', 'tcp 10.96.0.1 80'), /^a 10\.244\.0\.1$/)
    assert.equal(await ask('a', 'tcp 10.96.0.1 80'), 'a 10.244.0.1')
    assert.equal(await ask('b', 'tcp 10.96.0.1 81'), 'refused')
    assert.equal(await ask('b', 'tcp 10.96.77.77 80'), 'silence')
  })

  test('endpoints take turns', async () => {
    service('many', '10.96.0.2')
    endpoints('many', ['a', 'b', 'c'])
    await settled()
    const answers = new Set<string>()
    for (let index = 0; index < 40; index++)
      answers.add((await ask('node', 'tcp 10.96.0.2 80')).split(' ')[0] ?? '')
    assert.deepEqual([...answers].sort(), ['a', 'b', 'c'])
  })

  test('without endpoints the answer is a refusal, with one that goes it is not', async () => {
    service('none', '10.96.0.3', {
      type: 'NodePort',
      ports: [{ port: 80, protocol: 'TCP', nodePort: 30003 }],
    })
    await settled()
    assert.equal(await ask('b', 'tcp 10.96.0.3 80'), 'refused')
    assert.equal(await ask('node', 'tcp 10.96.0.3 80'), 'refused')
    assert.equal(await ask('outside', 'tcp 172.31.0.1 30003'), 'refused')
    assert.equal(await ask('node', 'tcp 127.0.0.1 30003'), 'refused')
    const leaving = {
      addresses: [places.b ?? ''],
      conditions: { ready: false, serving: true, terminating: true },
    }
    endpoints('none', [leaving])
    await settled()
    assert.equal(await ask('a', 'tcp 10.96.0.3 80'), 'b 10.244.0.11')
  })

  test('node ports answer on every address of the node, also 127.0.0.1', async () => {
    service('np', '10.96.0.4', { type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30004 }] })
    endpoints('np', ['a'])
    await settled()
    assert.equal(await ask('outside', 'tcp 172.31.0.1 30004'), 'a 10.244.0.1')
    assert.equal(await ask('node', 'tcp 172.31.0.1 30004'), 'a 10.244.0.1')
    assert.equal(await ask('node', 'tcp 127.0.0.1 30004'), 'a 10.244.0.1')
    assert.equal(await ask('b', 'tcp 172.31.0.1 30004'), 'a 10.244.0.1')
    assert.equal(await ask('a', 'tcp 10.244.0.1 30004'), 'a 10.244.0.1')
  })

  test('with policy Local the client keeps its address, and other nodes’ endpoints are not used', async () => {
    const spec: Partial<ServiceSpec> = {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Local',
      ports: [{ port: 80, protocol: 'TCP', nodePort: 30005 }],
    }
    service('local', '10.96.0.5', spec, '10.97.0.5')
    endpoints('local', ['a', { addresses: ['10.244.9.9'], nodeName: 'n2' }])
    await settled()
    assert.equal(await ask('outside', 'tcp 172.31.0.1 30005'), 'a 172.31.0.2')
    assert.equal(await ask('outside', 'tcp 10.97.0.5 80'), 'a 172.31.0.2')
    assert.equal(await ask('b', 'tcp 10.96.0.5 80'), 'a 10.244.0.12')
    endpoints('local', [{ addresses: ['10.244.9.9'], nodeName: 'n2' }])
    await settled()
    assert.equal(await ask('outside', 'tcp 172.31.0.1 30005'), 'silence')
    assert.equal(await ask('b', 'tcp 10.96.0.5 80'), 'silence')
  })

  test('load balancer addresses and external ones, for those who may', async () => {
    service('lb', '10.96.0.6', { type: 'LoadBalancer', externalIPs: ['10.97.1.1'] }, '10.97.0.6')
    endpoints('lb', ['b'])
    await settled()
    assert.equal(await ask('node', 'tcp 10.97.0.6 80'), 'b 10.244.0.1')
    assert.equal(await ask('outside', 'tcp 10.97.0.6 80'), 'b 10.244.0.1')
    assert.equal(await ask('outside', 'tcp 10.97.1.1 80'), 'b 10.244.0.1')
    assert.equal(await ask('a', 'tcp 10.97.0.6 80'), 'b 10.244.0.1')
    service(
      'lb',
      '10.96.0.6',
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24'] },
      '10.97.0.6',
    )
    await settled()
    assert.equal(await ask('outside', 'tcp 10.97.0.6 80'), 'silence')
    assert.equal(await ask('a', 'tcp 10.96.0.6 80'), 'b 10.244.0.11')
    // The Service of the address is gone: it leads nowhere any more.
    assert.notEqual(await ask('outside', 'tcp 10.97.1.1 80'), 'b 10.244.0.1')
  })

  test('with affinity a client stays with its endpoint', async () => {
    service('sticky', '10.96.0.7', { sessionAffinity: 'ClientIP' })
    endpoints('sticky', ['a', 'b', 'c'])
    await settled()
    const first = await ask('outside', 'tcp 10.96.0.7 80')
    for (let index = 0; index < 10; index++) assert.equal(await ask('outside', 'tcp 10.96.0.7 80'), first)
    service('sticky', '10.96.0.7', {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    })
    await settled()
    assert.match(await ask('outside', 'tcp 10.96.0.7 80'), /^[abc] /)
  })

  test('a UDP client that keeps its port goes on with an endpoint that is there', async () => {
    service('udp', '10.96.0.8', { ports: [{ port: 80, protocol: 'UDP' }] })
    endpoints('udp', ['a'], 'UDP')
    await settled()
    assert.equal(await ask('c', 'udp 10.96.0.8 80 5555'), 'a 10.244.0.13')
    endpoints('udp', ['b'], 'UDP')
    await settled()
    assert.equal(await ask('c', 'udp 10.96.0.8 80 5555'), 'b 10.244.0.13')
  })

  test('a Service can lead to the node itself', async () => {
    await lab.serve('nodeserver', 8080)
    service('self', '10.96.0.9')
    endpoints('self', ['10.244.0.1'])
    await settled()
    assert.equal(await ask('a', 'tcp 10.96.0.9 80'), 'nodeserver 10.244.0.11')
    assert.match(await ask('node', 'tcp 10.96.0.9 80'), /^nodeserver /)
  })

  test('host ports lead to their pod, from everywhere, before the API server knows its address', async () => {
    client.put<Pod>(resources.pods, {
      metadata: { name: 'hp', namespace: 'default' },
      spec: {
        nodeName: 'n1',
        containers: [
          { name: 'c', ports: [{ containerPort: 8080, hostPort: 7070 }] },
          { name: 'd', ports: [{ containerPort: 8080, hostPort: 7071, hostIP: '172.31.0.1' }] },
        ],
      },
      status: { phase: 'Pending' },
    })
    await settled()
    assert.equal(await ask('outside', 'tcp 172.31.0.1 7070'), 'refused')
    await proxy.podHasAddress({ namespace: 'default', name: 'hp' }, '10.244.0.13')
    assert.equal(await ask('outside', 'tcp 172.31.0.1 7070'), 'c 172.31.0.2')
    assert.equal(await ask('node', 'tcp 127.0.0.1 7070'), 'c 10.244.0.1')
    assert.equal(await ask('a', 'tcp 10.244.0.1 7070'), 'c 10.244.0.11')
    assert.equal(await ask('c', 'tcp 172.31.0.1 7070'), 'c 10.244.0.1')
    assert.equal(await ask('outside', 'tcp 172.31.0.1 7071'), 'c 172.31.0.2')
    assert.equal(await ask('node', 'tcp 127.0.0.1 7071'), 'refused')
    client.remove(resources.pods, 'default', 'hp')
    await settled()
    assert.equal(await ask('outside', 'tcp 172.31.0.1 7070'), 'refused')
  })

  test('pods go out with the node’s address, and cannot reach its loopback', async () => {
    assert.equal(await ask('a', 'tcp 172.31.0.2 9000'), 'outside 172.31.0.1')
    assert.equal(await ask('a', 'tcp 10.244.0.12 8080'), 'b 10.244.0.11')
    assert.notEqual(await ask('a', 'tcp 127.0.0.1 30004'), 'a 10.244.0.1')
  })

  test('network policies', async () => {
    const policy = (name: string, spec: NetworkPolicySpec) =>
      client.put(resources.networkPolicies, { metadata: { name, namespace: 'default' }, spec })
    client.put(resources.namespaces, { metadata: { name: 'default', labels: { team: 'x' } } })
    service('one', '10.96.0.1')
    endpoints('one', ['a'])
    policy('deny', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] })
    await informers.informer(resources.namespaces).synced
    await informers.informer(resources.pods).synced
    await settled()
    assert.equal(await ask('b', 'tcp 10.244.0.11 8080'), 'silence')
    assert.equal(await ask('b', 'tcp 10.96.0.1 80'), 'silence')
    assert.equal(await ask('outside', 'tcp 172.31.0.1 30004'), 'silence')
    // The node reaches its pods always, and a pod itself.
    assert.match(await ask('node', 'tcp 10.244.0.11 8080'), /^a /)
    assert.match(await ask('a', 'tcp 10.96.0.1 80'), /^a /)
    assert.equal(await ask('a', 'tcp 10.244.0.12 8080'), 'b 10.244.0.11')

    policy('allow', {
      podSelector: { matchLabels: { app: 'a' } },
      policyTypes: ['Ingress'],
      ingress: [
        { from: [{ podSelector: { matchLabels: { app: 'b' } } }], ports: [{ port: 'web', protocol: 'TCP' }] },
        {
          from: [{ ipBlock: { cidr: '172.31.0.0/16', except: ['172.31.9.0/24'] } }],
          ports: [{ port: 8000, endPort: 9000 }],
        },
      ],
    })
    await settled()
    assert.equal(await ask('b', 'tcp 10.244.0.11 8080'), 'a 10.244.0.12')
    assert.equal(await ask('b', 'udp 10.244.0.11 8080'), 'silence')
    assert.equal(await ask('c', 'tcp 10.244.0.11 8080'), 'silence')
    assert.equal(await ask('outside', 'tcp 172.31.0.1 30004'), 'a 10.244.0.1')

    policy('egress', {
      podSelector: { matchLabels: { app: 'c' } },
      policyTypes: ['Egress'],
      egress: [
        {
          to: [
            { namespaceSelector: { matchLabels: { team: 'x' } }, podSelector: { matchLabels: { app: 'b' } } },
          ],
        },
      ],
    })
    await settled()
    assert.equal(await ask('c', 'tcp 10.244.0.12 8080'), 'b 10.244.0.13')
    assert.equal(await ask('c', 'tcp 172.31.0.2 9000'), 'silence')
    // What lets it out is no permission to come in.
    pod('a', { app: 'b', x: 'y' })
    policy('deny', { podSelector: { matchLabels: { x: 'y' } }, policyTypes: ['Ingress'] })
    await settled()
    assert.equal(await ask('c', 'tcp 10.244.0.11 8080'), 'silence')
    for (const name of ['deny', 'allow', 'egress']) client.remove(resources.networkPolicies, 'default', name)
    pod('a')
    await settled()
    assert.equal(await ask('c', 'tcp 10.244.0.11 8080'), 'a 10.244.0.13')
  })

  test('when somebody flushes all rules, they come back', async () => {
    execFileSync('nft', ['flush', 'ruleset'])
    await said('come back')
    await settled()
    assert.match(await ask('b', 'tcp 10.96.0.2 80'), /^[abc] /)
  })

  test('where forwarding is forbidden, pods are let through', async () => {
    const forbid =
      'add table ip filter\nadd chain ip filter FORWARD { type filter hook forward priority filter; policy drop; }\n'
    execFileSync('nft', ['-f', '-'], { input: forbid })
    await said('let through')
    assert.equal(await ask('a', 'tcp 10.244.0.12 8080'), 'b 10.244.0.11')
    assert.equal(await ask('a', 'tcp 172.31.0.2 9000'), 'outside 172.31.0.1')
    assert.equal(await ask('outside', 'tcp 172.31.0.1 30004'), 'a 10.244.0.1')
  })

  test('a hundred Services, and changes among them', async () => {
    for (let index = 0; index < 100; index++) {
      service(`s${index}`, `10.96.1.${index}`, {
        type: 'NodePort',
        ports: [{ port: 80, protocol: 'TCP', nodePort: 31000 + index }],
      })
      endpoints(`s${index}`, ['a', 'b', 'c'])
    }
    await settled()
    for (let round = 0; round < 20; round++) {
      endpoints('s50', round % 2 === 0 ? ['a'] : ['b', 'c'])
      await settled()
    }
    assert.match(await ask('outside', 'tcp 172.31.0.1 31050'), /^[bc] /)
    assert.equal(await ask('outside', 'tcp 172.31.0.1 31099').then((answer) => /^[abc] /.test(answer)), true)
  })

  test('deleted Services leave nothing behind', async () => {
    for (let index = 0; index < 100; index++) {
      client.remove(resources.services, 'default', `s${index}`)
      client.remove(resources.endpointSlices, 'default', `s${index}-1`)
    }
    await settled()
    assert.doesNotMatch(
      execFileSync('nft', ['list', 'map', 'ip', 'proxy-test', 'service-ips'], { encoding: 'utf8' }),
      /10\.96\.1\./,
    )
    assert.deepEqual(
      problems.filter((line) => / [EW] /.test(line) && !line.includes('come back')),
      [],
    )
  })
}
