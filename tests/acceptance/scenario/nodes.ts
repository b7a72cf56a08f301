import assert from 'node:assert/strict'
import { it } from 'node:test'
import { images } from '../../support/images.ts'
import { deployment, pod } from './manifests.ts'
import type { Stage } from './scenario.ts'

export function nodes(stage: Stage): void {
  it('cordon, drain, uncordon', async () => {
    const { cluster } = stage
    const node = await cluster.value(['nodes'], '{.items[0].metadata.name}')
    await cluster.apply(deployment('moving', 1))
    await cluster.kubectl(['rollout', 'status', 'deployment/moving', '--timeout=60s'])
    await cluster.kubectl(['cordon', node])
    assert.match(await cluster.kubectl(['get', 'node']), /Ready,SchedulingDisabled/)
    await cluster.kubectl([
      'drain',
      node,
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      '--force',
      '--timeout=90s',
    ])
    const pending = await cluster.value(
      ['pods', '-l', 'app=moving'],
      '{.items[0].status.conditions[?(@.type=="PodScheduled")].message}',
    )
    assert.match(pending, /0\/1 nodes are available: 1 node\(s\) were unschedulable/)
    await cluster.kubectl(['uncordon', node])
    await cluster.kubectl(['rollout', 'status', 'deployment/moving', '--timeout=60s'])
    await cluster.kubectl(['delete', 'deployment', 'moving'])
    await cluster.kubectl([
      'run',
      'first',
      `--image=${images.busybox}`,
      '--restart=Never',
      '--',
      'sh',
      '-c',
      'trap exit TERM; while :; do sleep 3600 & wait; done',
    ])
    await cluster.waitFor('pod/first', 'condition=Ready')
  })

  it('taints keep out who does not tolerate them', async () => {
    const { cluster } = stage
    const node = await cluster.value(['nodes'], '{.items[0].metadata.name}')
    await cluster.kubectl(['taint', 'node', node, 'special=yes:NoSchedule'])
    await cluster.apply(
      pod('ordinary'),
      pod('tolerant', { spec: { tolerations: [{ key: 'special', operator: 'Exists' }] } }),
    )
    await cluster.waitFor('pod/tolerant', 'condition=Ready')
    assert.equal(await cluster.value(['pod', 'ordinary'], '{.status.phase}'), 'Pending')
    await cluster.kubectl(['taint', 'node', node, 'special-'])
    await cluster.waitFor('pod/ordinary', 'condition=Ready')
    await cluster.kubectl(['delete', 'pod', 'ordinary', 'tolerant', '--now'])
  })

  it('RBAC: can-i, roles, tokens', async () => {
    const { cluster } = stage
    assert.equal((await cluster.kubectl(['auth', 'can-i', 'create', 'pods'])).trim(), 'yes')
    await cluster.kubectl(['create', 'serviceaccount', 'reader'])
    const who = '--as=system:serviceaccount:default:reader'
    assert.equal((await cluster.tryKubectl(['auth', 'can-i', 'list', 'pods', who])).stdout.trim(), 'no')
    await cluster.kubectl(['create', 'role', 'see-pods', '--verb=get,list', '--resource=pods'])
    await cluster.kubectl([
      'create',
      'rolebinding',
      'reader-sees',
      '--role=see-pods',
      '--serviceaccount=default:reader',
    ])
    assert.equal((await cluster.kubectl(['auth', 'can-i', 'list', 'pods', who])).trim(), 'yes')
    const token = (await cluster.kubectl(['create', 'token', 'reader'])).trim()
    const config = await cluster.writeFile(
      'token.kubeconfig',
      (await cluster.kubectl(['config', 'view', '--raw', '--minify', '--flatten'])).replace(
        /users:[\s\S]*/,
        '',
      ),
    )
    const asToken = ['--kubeconfig', config, '--user', '', '--token', token]
    assert.equal((await cluster.tryKubectl([...asToken, 'get', 'pods'])).code, 0)
    assert.match(
      (await cluster.tryKubectl([...asToken, 'get', 'secrets'])).stderr,
      /secrets is forbidden: User "system:serviceaccount:default:reader" cannot list resource "secrets"/,
    )
    assert.match(await cluster.kubectl(['auth', 'whoami']), /system:masters/)
  })

  it('a pod speaks to the API with its own token', async () => {
    const { cluster } = stage
    await cluster.apply(pod('insider', { spec: { serviceAccountName: 'reader' } }))
    await cluster.waitFor('pod/insider', 'condition=Ready')
    const token = (
      await cluster.kubectl([
        'exec',
        'insider',
        '--',
        'cat',
        '/var/run/secrets/kubernetes.io/serviceaccount/token',
      ])
    ).trim()
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
    assert.equal(claims['kubernetes.io'].pod.name, 'insider')
    assert.equal(claims.sub, 'system:serviceaccount:default:reader')
    await cluster.kubectl(['delete', 'pod', 'insider', '--now'])
    await cluster.kubectl(['delete', 'serviceaccount/reader', 'role/see-pods', 'rolebinding/reader-sees'])
  })
}
