import assert from 'node:assert/strict'
import { it } from 'node:test'
import { deployment } from './manifests.ts'
import type { Stage } from './scenario.ts'

export function changes(stage: Stage): void {
  it('apply on the client side: create, change, unchanged', async () => {
    const { cluster } = stage
    assert.match(await cluster.apply(deployment('changing', 1)), /created/)
    assert.match(await cluster.apply(deployment('changing', 1)), /unchanged/)
    assert.match(await cluster.apply(deployment('changing', 2)), /configured/)
  })

  it('apply on the server side: ownership and conflicts', async () => {
    const { cluster } = stage
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'owned' },
      data: { a: '1', b: '2' },
    }
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], { stdin: JSON.stringify(object) })
    const other = JSON.stringify({ ...object, data: { a: 'other' } })
    const conflict = await cluster.tryKubectl(
      ['apply', '--server-side', '--field-manager=other', '-f', '-'],
      { stdin: other },
    )
    assert.match(conflict.stderr, /Apply failed with 1 conflict: conflict with "kubectl".*: \.data\.a/s)
    await cluster.kubectl(
      ['apply', '--server-side', '--force-conflicts', '--field-manager=other', '-f', '-'],
      { stdin: other },
    )
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], {
      stdin: JSON.stringify({ ...object, data: {} }),
    })
    assert.equal(await cluster.value(['configmap', 'owned'], '{.data}'), '{"a":"other"}')
  })

  it('diff tells what would change and changes nothing', async () => {
    const { cluster } = stage
    const same = await cluster.tryKubectl(['diff', '-f', '-'], {
      stdin: JSON.stringify(deployment('changing', 2)),
    })
    assert.deepEqual([same.code, same.stdout], [0, ''])
    const differs = await cluster.tryKubectl(['diff', '-f', '-'], {
      stdin: JSON.stringify(deployment('changing', 5)),
    })
    assert.equal(differs.code, 1)
    assert.match(differs.stdout, /- {2}replicas: 2\n\+ {2}replicas: 5/)
    assert.equal(await cluster.value(['deployment', 'changing'], '{.spec.replicas}'), '2')
  })

  it('patch of every type', async () => {
    const { cluster } = stage
    const patch = (type: string, body: unknown) =>
      cluster.kubectl(['patch', 'deployment', 'changing', `--type=${type}`, '-p', JSON.stringify(body)])
    await patch('json', [{ op: 'replace', path: '/spec/replicas', value: 1 }])
    await patch('merge', { metadata: { annotations: { note: 'merged' } } })
    await patch('strategic', {
      spec: { template: { spec: { containers: [{ name: 'main', env: [{ name: 'P', value: 'q' }] }] } } },
    })
    const now = JSON.parse(await cluster.kubectl(['get', 'deployment', 'changing', '-o', 'json']))
    assert.equal(now.spec.replicas, 1)
    assert.equal(now.metadata.annotations.note, 'merged')
    assert.equal(now.spec.template.spec.containers.length, 1)
    assert.deepEqual(now.spec.template.spec.containers[0].env, [{ name: 'P', value: 'q' }])
    await cluster.kubectl([
      'patch',
      'deployment',
      'changing',
      '--subresource=scale',
      '--type=merge',
      '-p',
      '{"spec":{"replicas":0}}',
    ])
    assert.equal(await cluster.value(['deployment', 'changing'], '{.spec.replicas}'), '0')
  })

  it('edit, label, annotate, replace, set image', async () => {
    const { cluster } = stage
    await cluster.kubectl(['edit', 'deployment', 'changing'], {
      env: { KUBE_EDITOR: 'sed -i s/replicas:.0/replicas:\\ 1/' },
    })
    assert.equal(await cluster.value(['deployment', 'changing'], '{.spec.replicas}'), '1')
    await cluster.kubectl(['label', 'deployment', 'changing', 'tier=front'])
    await cluster.kubectl(['annotate', 'deployment', 'changing', 'why=because'])
    assert.match(
      await cluster.kubectl(['get', 'deployment', '-l', 'tier in (front)', '-o', 'name']),
      /changing/,
    )
    await cluster.kubectl(['label', 'deployment', 'changing', 'tier-'])
    assert.equal(await cluster.kubectl(['get', 'deployment', '-l', 'tier', '-o', 'name']), '')
    const current = await cluster.kubectl(['get', 'configmap', 'owned', '-o', 'json'])
    await cluster.kubectl(['replace', '-f', '-'], { stdin: current.replace('"other"', '"replaced"') })
    assert.equal(await cluster.value(['configmap', 'owned'], '{.data.a}'), 'replaced')
    await cluster.kubectl(['set', 'image', 'deployment/changing', 'main=minikube.test/nginx:1'])
    assert.equal(
      await cluster.value(['deployment', 'changing'], '{.spec.template.spec.containers[0].image}'),
      'minikube.test/nginx:1',
    )
  })

  it('what is wrong in a manifest is told', async () => {
    const { cluster } = stage
    const typo = deployment('typo', 1) as { spec: Record<string, unknown> }
    typo.spec.replicaz = 3
    const strict = await cluster.tryKubectl(['create', '-f', '-'], { stdin: JSON.stringify(typo) })
    assert.match(strict.stderr, /unknown field "spec\.replicaz"/)
    const bad = await cluster.tryKubectl(['create', 'deployment', 'Bad_Name', '--image=x'])
    assert.match(bad.stderr, /lowercase RFC 1123 subdomain/)
    const conflict = await cluster.tryKubectl(['create', 'configmap', 'owned'])
    assert.match(conflict.stderr, /configmaps "owned" already exists/)
    const missing = await cluster.tryKubectl(['get', 'pod', 'nobody'])
    assert.match(missing.stderr, /Error from server \(NotFound\): pods "nobody" not found/)
    await cluster.kubectl(['delete', 'deployment', 'changing'])
    await cluster.kubectl(['delete', 'configmap', 'owned'])
  })
}
