import assert from 'node:assert/strict'
import { it } from 'node:test'
import { images } from '../../support/images.ts'
import { pod } from './manifests.ts'
import type { Stage } from './scenario.ts'

const template = (name: string, command: string[], spec: object = {}) => ({
  metadata: { labels: { app: name } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: images.busybox, command }],
    ...spec,
  },
})

const idle = ['sh', '-c', 'trap exit TERM; while :; do sleep 3600 & wait; done']

export function controllers(stage: Stage): void {
  it('StatefulSet: ordered names, its own volume each, rolling update', async () => {
    const { cluster } = stage
    const set = (tag: string) => ({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'ordered' },
      spec: {
        serviceName: 'ordered',
        replicas: 2,
        selector: { matchLabels: { app: 'ordered' } },
        template: template('ordered', ['sh', '-c', `echo ${tag} $HOSTNAME >> /data/log; ${idle[2]}`], {
          containers: [
            {
              name: 'main',
              image: images.busybox,
              command: ['sh', '-c', `echo ${tag} $HOSTNAME >> /data/log; ${idle[2]}`],
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
        }),
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
          },
        ],
      },
    })
    await cluster.apply(set('first'))
    await cluster.kubectl(['rollout', 'status', 'statefulset/ordered', '--timeout=60s'])
    await cluster.apply(set('second'))
    await cluster.kubectl(['rollout', 'status', 'statefulset/ordered', '--timeout=60s'])
    assert.equal(
      await cluster.kubectl(['exec', 'ordered-1', '--', 'cat', '/data/log']),
      'first ordered-1\nsecond ordered-1\n',
    )
    await cluster.kubectl(['delete', 'statefulset', 'ordered', '--cascade=foreground'])
    assert.equal(
      (await cluster.kubectl(['get', 'pvc', '-l', 'app=ordered', '-o', 'name'])).trim().split('\n').length,
      2,
    )
    await cluster.kubectl(['delete', 'pvc', '-l', 'app=ordered'])
    await cluster.kubectl(['wait', 'pv', '--all', '--for=delete', '--timeout=30s'])
  })

  it('DaemonSet: one pod on each node', async () => {
    const { cluster } = stage
    await cluster.apply({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'everywhere' },
      spec: { selector: { matchLabels: { app: 'everywhere' } }, template: template('everywhere', idle) },
    })
    await cluster.kubectl(['rollout', 'status', 'daemonset/everywhere', '--timeout=60s'])
    assert.equal(await cluster.value(['daemonset', 'everywhere'], '{.status.numberReady}'), '1')
    await cluster.kubectl(['delete', 'daemonset', 'everywhere'])
  })

  it('Job: completions in parallel, failure after its back-off limit', async () => {
    const { cluster } = stage
    const job = (name: string, command: string[], spec: object) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: { template: template(name, command, { restartPolicy: 'Never' }), ...spec },
    })
    await cluster.apply(
      job('counting', ['sh', '-c', 'echo $JOB_COMPLETION_INDEX'], {
        completions: 3,
        parallelism: 2,
        completionMode: 'Indexed',
      }),
      job('failing', ['false'], { backoffLimit: 0 }),
    )
    await cluster.waitFor('job/counting', 'condition=Complete')
    assert.equal(await cluster.value(['job', 'counting'], '{.status.completedIndexes}'), '0-2')
    await cluster.waitFor('job/failing', 'condition=Failed')
    assert.equal(
      await cluster.value(['job', 'failing'], '{.status.conditions[?(@.type=="Failed")].reason}'),
      'BackoffLimitExceeded',
    )
    await cluster.kubectl(['delete', 'job', 'counting', 'failing'])
  })

  it('CronJob: a job can be made from it by hand', async () => {
    const { cluster } = stage
    await cluster.kubectl([
      'create',
      'cronjob',
      'sometimes',
      `--image=${images.busybox}`,
      '--schedule=0 0 1 1 *',
      '--',
      'true',
    ])
    await cluster.kubectl(['create', 'job', 'now', '--from=cronjob/sometimes'])
    await cluster.waitFor('job/now', 'condition=Complete')
    await cluster.kubectl(['delete', 'cronjob', 'sometimes'])
    await cluster.kubectl(['delete', 'job', 'now', '--ignore-not-found'])
  })

  it('a namespace goes with all that is in it', async () => {
    const { cluster } = stage
    await cluster.kubectl(['create', 'namespace', 'passing'])
    await cluster.kubectl(['-n', 'passing', 'create', 'configmap', 'one', '--from-literal=a=b'])
    await cluster.kubectl([
      '-n',
      'passing',
      'create',
      'deployment',
      'two',
      `--image=${images.busybox}`,
      '--',
      ...idle,
    ])
    await cluster.kubectl(['-n', 'passing', 'rollout', 'status', 'deployment/two', '--timeout=60s'])
    await cluster.kubectl(['delete', 'namespace', 'passing', '--timeout=60s'])
    assert.notEqual((await cluster.tryKubectl(['get', 'namespace', 'passing'])).code, 0)
  })

  it('a resource quota and a limit range are kept', async () => {
    const { cluster } = stage
    await cluster.kubectl(['create', 'namespace', 'tight'])
    await cluster.kubectl(['-n', 'tight', 'create', 'quota', 'small', '--hard=pods=1,configmaps=3'])
    await cluster.apply({ ...pod('only'), metadata: { name: 'only', namespace: 'tight' } })
    const ran = await cluster.tryKubectl(['-n', 'tight', 'run', 'another', `--image=${images.busybox}`])
    assert.match(ran.stderr, /exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1/)
    await cluster.kubectl(['delete', 'namespace', 'tight', '--timeout=60s'])
  })

  it('custom resources: definition, validation, columns, deletion', async () => {
    const { cluster } = stage
    await cluster.apply({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'] },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  spec: {
                    type: 'object',
                    required: ['size'],
                    properties: {
                      size: { type: 'integer', minimum: 1 },
                      colour: { type: 'string', default: 'red' },
                    },
                  },
                },
              },
            },
            additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
          },
        ],
      },
    })
    await cluster.waitFor('crd/widgets.example.com', 'condition=Established')
    const widget = (size: number) => ({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w' },
      spec: { size },
    })
    await cluster.apply(widget(3))
    assert.match(await cluster.kubectl(['get', 'wd']), /NAME +SIZE\nw +3/)
    assert.equal(await cluster.value(['widget', 'w'], '{.spec.colour}'), 'red')
    const refused = await cluster.tryKubectl(['apply', '-f', '-'], { stdin: JSON.stringify(widget(0)) })
    assert.match(refused.stderr, /spec\.size.*should be greater than or equal to 1/)
    assert.match(await cluster.kubectl(['explain', 'widget.spec']), /size\s+<integer>/)
    await cluster.kubectl(['delete', 'crd', 'widgets.example.com', '--timeout=30s'])
    assert.notEqual((await cluster.tryKubectl(['get', 'widgets'])).code, 0)
  })
}
