import assert from 'node:assert/strict'
import { it } from 'node:test'
import { deployment, service, webServer } from './manifests.ts'
import type { Stage } from './scenario.ts'

/** Fetches until `count` different answers were seen or `tries` were used up. */
async function answers(url: string, tries = 20): Promise<Set<string>> {
  const seen = new Set<string>()
  for (let i = 0; i < tries; i++)
    seen.add(await (await fetch(url, { headers: { connection: 'close' } })).text())
  return seen
}

export function services(stage: Stage): void {
  const inPod = (...command: string[]) => stage.cluster.tryKubectl(['exec', 'first', '--', ...command])
  const lookup = async (name: string) => (await inPod('nslookup', name)).stdout

  it('a ClusterIP spreads over the pods, from pods and from the host', async () => {
    const { cluster } = stage
    await cluster.apply(deployment('site', 3, webServer), service('site', {}))
    await cluster.kubectl(['rollout', 'status', 'deployment/site', '--timeout=60s'])
    const ip = await cluster.value(['service', 'site'], '{.spec.clusterIP}')
    assert.equal((await answers(`http://${ip}/`, 40)).size, 3)
    const { stdout } = await inPod(
      'sh',
      '-c',
      'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do wget -q -O - http://site; done',
    )
    assert.ok(new Set(stdout.trim().split('\n')).size > 1, stdout)
  })

  it('names resolve: service, headless, pod, external name, reverse', async () => {
    const { cluster } = stage
    await cluster.apply(service('headless', { clusterIP: 'None', selector: { app: 'site' } }), {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'elsewhere' },
      spec: { type: 'ExternalName', externalName: 'site.default.svc.cluster.local' },
    })
    const ip = await cluster.value(['service', 'site'], '{.spec.clusterIP}')
    assert.match(await lookup('site.default.svc.cluster.local'), new RegExp(`Address.*${ip}`))
    const podIps = (await cluster.value(['pods', '-l', 'app=site'], '{.items[*].status.podIP}')).split(' ')
    const headless = await lookup('headless.default.svc.cluster.local')
    for (const podIp of podIps) assert.match(headless, new RegExp(podIp.replaceAll('.', '\\.')))
    assert.match(await lookup('elsewhere.default.svc.cluster.local'), new RegExp(ip))
    assert.match(
      await lookup(`${podIps[0].replaceAll('.', '-')}.default.pod.cluster.local`),
      new RegExp(podIps[0]),
    )
    assert.match(await lookup(ip), /site\.default\.svc\.cluster\.local/)
    assert.notEqual((await inPod('nslookup', 'nobody.default.svc.cluster.local')).code, 0)
  })

  it('a NodePort answers on the node', async () => {
    const { cluster } = stage
    await cluster.apply(service('nodeport', { type: 'NodePort', selector: { app: 'site' } }))
    const port = await cluster.value(['service', 'nodeport'], '{.spec.ports[0].nodePort}')
    const node = (await cluster.minikube(['ip'])).trim()
    assert.ok((await answers(`http://${node}:${port}/`, 5)).size > 0)
    assert.match(
      await cluster.minikube(['service', 'nodeport', '--url']),
      new RegExp(`^http://.*:${port}\n$`),
    )
  })

  it('a LoadBalancer gets an address without a helper and answers', async () => {
    const { cluster } = stage
    await cluster.apply(
      service('balanced', {
        type: 'LoadBalancer',
        selector: { app: 'site' },
        ports: [{ name: 'http', port: 8099, targetPort: 'http' }],
      }),
    )
    await cluster.waitFor('service/balanced', 'jsonpath={.status.loadBalancer.ingress[0].ip}')
    const ip = await cluster.value(['service', 'balanced'], '{.status.loadBalancer.ingress[0].ip}')
    assert.ok((await answers(`http://${ip}:8099/`, 5)).size > 0)
  })

  it('session affinity keeps a client with one pod', async () => {
    const { cluster } = stage
    await cluster.apply(service('sticky', { sessionAffinity: 'ClientIP', selector: { app: 'site' } }))
    const ip = await cluster.value(['service', 'sticky'], '{.spec.clusterIP}')
    await cluster.waitFor('endpoints/sticky', 'jsonpath={.subsets[0].addresses[2].ip}')
    assert.equal((await answers(`http://${ip}/`, 15)).size, 1)
  })

  it('a pod reaches itself through its service, and the API by its name', async () => {
    const { cluster } = stage
    await cluster.kubectl(['scale', 'deployment', 'site', '--replicas=1'])
    await cluster.kubectl(['rollout', 'status', 'deployment/site', '--timeout=60s'])
    await cluster.waitFor('endpoints/site', 'jsonpath={.subsets[*].addresses[*].ip}')
    const left = await cluster.value(['endpoints', 'site'], '{.subsets[0].addresses[0].targetRef.name}')
    assert.equal(
      await cluster.kubectl(['exec', left, '--', 'wget', '-q', '-O', '-', 'http://site']),
      `${left}\n`,
    )
    const api = await cluster.value(['service', 'kubernetes'], '{.spec.clusterIP}')
    assert.match(await lookup('kubernetes.default.svc.cluster.local'), new RegExp(`Address.*${api}`))
    assert.equal((await inPod('nc', '-w', '3', 'kubernetes.default', '443', '-e', 'true')).code, 0)
  })

  it('a service without endpoints refuses at once', async () => {
    const { cluster } = stage
    await cluster.kubectl(['scale', 'deployment', 'site', '--replicas=0'])
    await cluster.kubectl(['wait', 'pods', '-l', 'app=site', '--for=delete', '--timeout=60s'])
    const ip = await cluster.value(['service', 'site'], '{.spec.clusterIP}')
    await assert.rejects(fetch(`http://${ip}/`))
    await cluster.kubectl([
      'delete',
      'deployment/site',
      'service/site',
      'service/headless',
      'service/elsewhere',
      'service/nodeport',
      'service/balanced',
      'service/sticky',
    ])
  })

  it('a network policy closes a pod to others', async () => {
    const { cluster } = stage
    await cluster.apply(deployment('guarded', 1, webServer), service('guarded', {}))
    await cluster.kubectl(['rollout', 'status', 'deployment/guarded', '--timeout=60s'])
    assert.equal((await inPod('wget', '-q', '-O', '-', 'http://guarded')).code, 0)
    await cluster.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'friends' },
      spec: {
        podSelector: { matchLabels: { app: 'guarded' } },
        ingress: [{ from: [{ podSelector: { matchLabels: { friend: 'yes' } } }] }],
      },
    })
    const ip = await cluster.value(['pods', '-l', 'app=guarded'], '{.items[0].status.podIP}')
    // The policy is in force when a connection is refused or lost; a friend gets through all the same.
    const closed = async () => (await inPod('nc', '-w', '1', ip, '8080', '-e', 'true')).code !== 0
    let tries = 0
    while (!(await closed()) && tries < 20) tries++
    assert.ok(tries < 20, 'the policy never came into force')
    await cluster.kubectl(['label', 'pod', 'first', 'friend=yes'])
    tries = 0
    while ((await closed()) && tries < 10) tries++
    assert.ok(tries < 10, 'a friend is kept out')
    await cluster.kubectl(['delete', 'networkpolicy/friends', 'deployment/guarded', 'service/guarded'])
    await cluster.kubectl(['label', 'pod', 'first', 'friend-'])
  })
}
