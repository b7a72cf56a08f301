import assert from 'node:assert/strict'
import { it } from 'node:test'
import { images } from '../../support/images.ts'
import { deployment, pod } from './manifests.ts'
import type { Stage } from './scenario.ts'

const forever = ['--', 'sh', '-c', 'trap exit TERM; while :; do sleep 3600 & wait; done']

export function workloads(stage: Stage): void {
  it('kubectl run and get in all formats', async () => {
    const { cluster } = stage
    await cluster.kubectl(['run', 'first', `--image=${images.busybox}`, '--restart=Never', ...forever])
    await cluster.waitFor('pod/first', 'condition=Ready')
    assert.match(
      await cluster.kubectl(['get', 'pod', 'first']),
      /^NAME +READY +STATUS +RESTARTS +AGE\nfirst +1\/1 +Running +0 /,
    )
    assert.match(
      await cluster.kubectl(['get', 'pod', 'first', '-o', 'wide']),
      /NOMINATED NODE +READINESS GATES/,
    )
    assert.match(await cluster.kubectl(['get', 'pod', 'first', '-o', 'yaml']), /phase: Running/)
    assert.match(await cluster.value(['pod', 'first'], '{.status.podIP}'), /^10\.24\d\./)
    assert.equal(await cluster.kubectl(['get', 'pod', 'first', '-o', 'name']), 'pod/first\n')
  })

  it('tree draws every layer down to the processes, crictl asks the runtime', async () => {
    const { cluster, cell } = stage
    const drawn = await cluster.minikube(['tree', '-n', 'default'])
    for (const layer of [
      `driver ${cell.driver}`,
      `runtime ${cell.runtime}`,
      'control-plane',
      'default/first',
    ])
      assert.ok(drawn.includes(layer), `${layer} in:\n${drawn}`)
    // The pod, whoever is the parent of its processes, the container, and its processes.
    assert.match(
      drawn,
      /pod default\/first, ready, .*\n.* shim \S+.*\n[\s\S]*container first, running.*\n.* sh -c trap/,
    )
    const root = JSON.parse(await cluster.minikube(['tree', '-o', 'json']))
    assert.equal(root.kind, 'host')
    assert.ok(root.memory > 1e6)
    const [row] = (await cluster.minikube(['crictl', '--', 'ps', '--name', '^first$'])).split('\n').slice(1)
    assert.match(row!, / Running +first +0 +\w{13} +first +default$/)
    assert.equal((await cluster.tryMinikube(['crictl', '--', 'inspect', 'unknown'])).code, 1)
  })

  it('get -w shows changes as they happen', async () => {
    const { cluster } = stage
    const watching = cluster.tryKubectl([
      'get',
      'pods',
      '-w',
      '--no-headers',
      '-l',
      'run=watched',
      '--request-timeout=8s',
    ])
    await cluster.kubectl(['run', 'watched', `--image=${images.busybox}`, '--restart=Never', '--', 'true'])
    await cluster.waitFor('pod/watched', 'jsonpath={.status.phase}=Succeeded')
    const { stdout } = await watching
    assert.match(stdout, /watched .*Pending/)
    assert.match(stdout, /watched .*Completed/)
    await cluster.kubectl(['delete', 'pod', 'watched', '--now'])
  })

  it('create deployment, scale, expose', async () => {
    const { cluster } = stage
    await cluster.kubectl([
      'create',
      'deployment',
      'web',
      `--image=${images.busybox}`,
      '--replicas=2',
      ...forever,
    ])
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'])
    await cluster.kubectl(['scale', 'deployment', 'web', '--replicas=3'])
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'])
    assert.equal(await cluster.value(['deployment', 'web'], '{.status.readyReplicas}'), '3')
    await cluster.kubectl(['expose', 'deployment', 'web', '--port=80', '--target-port=8080'])
    assert.match(await cluster.value(['service', 'web'], '{.spec.clusterIP}'), /^10\./)
    assert.equal(
      (await cluster.value(['endpoints', 'web'], '{.subsets[*].addresses[*].ip}')).split(' ').length,
      3,
    )
  })

  it('rollout: status, history, undo, restart', async () => {
    const { cluster } = stage
    await cluster.kubectl(['set', 'env', 'deployment/web', 'STEP=two'])
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'])
    assert.match(await cluster.kubectl(['rollout', 'history', 'deployment/web']), /\n2 /)
    await cluster.kubectl(['rollout', 'undo', 'deployment/web'])
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'])
    assert.equal(await cluster.value(['deployment', 'web'], '{.spec.template.spec.containers[0].env}'), '')
    await cluster.kubectl(['rollout', 'restart', 'deployment/web'])
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s'])
    assert.equal(await cluster.value(['deployment', 'web'], '{.status.availableReplicas}'), '3')
  })

  it('describe and explain', async () => {
    const { cluster } = stage
    const described = await cluster.kubectl(['describe', 'pod', 'first'])
    assert.match(described, /Scheduled/)
    assert.match(described, /Started/)
    assert.match(await cluster.kubectl(['describe', 'deployment', 'web']), /NewReplicaSet:/)
    assert.match(await cluster.kubectl(['describe', 'node']), /Allocated resources:/)
    assert.match(
      await cluster.kubectl(['explain', 'deployment.spec.strategy']),
      /rollingUpdate\s+<RollingUpdateDeployment>/,
    )
    assert.match(await cluster.kubectl(['explain', 'pod', '--recursive']), /containerPort/)
  })

  it('init containers run in order, a sidecar stays, env comes from everywhere', async () => {
    const { cluster } = stage
    await cluster.kubectl([
      'create',
      'configmap',
      'settings',
      '--from-literal=colour=blue',
      '--from-literal=file.txt=from a file',
    ])
    await cluster.kubectl(['create', 'secret', 'generic', 'password', '--from-literal=word=s3cret'])
    await cluster.apply(
      pod('full', {
        command: [
          'sh',
          '-c',
          'echo "$COLOUR $WORD $POD_NAME $NODE_NAME $CPU_LIMIT $GREETING"; cat /init/order /config/file.txt /secret/word /info/labels; echo; touch /tmp/told; trap exit TERM; while :; do sleep 3600 & wait; done',
        ],
        container: {
          env: [
            { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
            { name: 'WORD', valueFrom: { secretKeyRef: { name: 'password', key: 'word' } } },
            { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
            { name: 'CPU_LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
            { name: 'GREETING', value: 'hello-$(COLOUR)' },
          ],
          readinessProbe: { exec: { command: ['test', '-e', '/tmp/told'] }, periodSeconds: 1 },
          resources: { limits: { cpu: '250m', memory: '64Mi' } },
          volumeMounts: [
            { name: 'init', mountPath: '/init' },
            { name: 'config', mountPath: '/config' },
            { name: 'secret', mountPath: '/secret' },
            { name: 'info', mountPath: '/info' },
          ],
        },
        spec: {
          initContainers: [
            {
              name: 'one',
              image: images.busybox,
              command: ['sh', '-c', 'echo one >> /init/order'],
              volumeMounts: [{ name: 'init', mountPath: '/init' }],
            },
            {
              name: 'side',
              image: images.busybox,
              restartPolicy: 'Always',
              command: ['sh', '-c', 'trap exit TERM; while :; do sleep 3600 & wait; done'],
            },
            {
              name: 'two',
              image: images.busybox,
              command: ['sh', '-c', 'echo two >> /init/order'],
              volumeMounts: [{ name: 'init', mountPath: '/init' }],
            },
          ],
          volumes: [
            { name: 'init', emptyDir: {} },
            { name: 'config', configMap: { name: 'settings' } },
            { name: 'secret', secret: { secretName: 'password' } },
            {
              name: 'info',
              downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] },
            },
          ],
        },
      }),
    )
    await cluster.waitFor('pod/full', 'condition=Ready')
    const node = await cluster.value(['nodes'], '{.items[0].metadata.name}')
    const logs = await cluster.kubectl(['logs', 'full', '-c', 'main'])
    assert.match(logs, new RegExp(`^blue s3cret full ${node} 250 hello-blue\none\ntwo\nfrom a file`))
    assert.match(logs, /s3cretapp="full"/)
    assert.equal(await cluster.value(['pod', 'full'], '{.status.qosClass}'), 'Burstable')
  })

  it('probes restart what hangs and take it out of service', async () => {
    const { cluster } = stage
    await cluster.apply(
      pod('probed', {
        container: {
          livenessProbe: {
            exec: { command: ['test', '!', '-e', '/tmp/hang'] },
            periodSeconds: 1,
            failureThreshold: 1,
          },
          readinessProbe: {
            exec: { command: ['test', '!', '-e', '/tmp/busy'] },
            periodSeconds: 1,
            failureThreshold: 1,
          },
        },
      }),
    )
    await cluster.waitFor('pod/probed', 'condition=Ready')
    await cluster.kubectl(['exec', 'probed', '--', 'touch', '/tmp/busy'])
    await cluster.waitFor('pod/probed', 'condition=Ready=False')
    await cluster.kubectl(['exec', 'probed', '--', 'touch', '/tmp/hang'])
    await cluster.waitFor('pod/probed', 'jsonpath={.status.containerStatuses[0].restartCount}=1')
    await cluster.waitFor('pod/probed', 'condition=Ready')
  })

  it('a crashing container backs off, a missing image is told', async () => {
    const { cluster } = stage
    await cluster.apply(pod('crashing', { command: ['sh', '-c', 'echo last words; exit 3'] }))
    await cluster.apply(
      pod('imageless', { image: 'minikube.test/unknown:1', container: { imagePullPolicy: 'Never' } }),
    )
    await cluster.waitFor(
      'pod/crashing',
      'jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff',
    )
    assert.equal(
      await cluster.value(
        ['pod', 'crashing'],
        '{.status.containerStatuses[0].lastState.terminated.exitCode}',
      ),
      '3',
    )
    assert.equal(await cluster.kubectl(['logs', 'crashing', '--previous']), 'last words\n')
    await cluster.waitFor(
      'pod/imageless',
      'jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImageNeverPull',
    )
    await cluster.kubectl(['delete', 'pod', 'crashing', 'imageless', '--now'])
  })

  it('events tell the story', async () => {
    assert.match(await stage.cluster.kubectl(['events', '--for', 'pod/first']), /Started/)
  })

  it('delete with each cascade', async () => {
    const { cluster } = stage
    await cluster.apply(deployment('kept', 1))
    await cluster.kubectl(['rollout', 'status', 'deployment/kept', '--timeout=60s'])
    const set = (await cluster.kubectl(['get', 'rs', '-l', 'app=kept', '-o', 'name'])).trim()
    await cluster.kubectl(['delete', 'deployment', 'kept', '--cascade=orphan'])
    assert.equal(await cluster.value([set], '{.status.readyReplicas}'), '1')
    await cluster.kubectl(['delete', set, '--cascade=foreground'])
    assert.equal(await cluster.kubectl(['get', 'pods', '-l', 'app=kept', '-o', 'name']), '')
    await cluster.kubectl(['delete', 'deployment', 'web', '--cascade=background'])
    await cluster.kubectl(['delete', 'service', 'web'])
    await cluster.kubectl(['wait', 'pods', '-l', 'app=web', '--for=delete', '--timeout=60s'])
    assert.equal(await cluster.kubectl(['get', 'pods', '-l', 'app=web', '-o', 'name']), '')
  })
}
