import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { whyNoContainerd } from '@minikube-ts/cri/testing/containerd.ts'
import type { ConfigMap, ContainerStatus, Event, Pod } from '../api/types/core-v1.ts'
import { isConditionTrue } from '../client/conditions.ts'
import { configMaps, events, nodes, pods, secrets } from '../client/resources.ts'
import { forever, shell, startTestNode, type TestNode } from './testing/test-node.ts'

const isReady = (pod: Pod): boolean => isConditionTrue(pod.status?.conditions, 'Ready')
const container = (pod: Pod, name: string): ContainerStatus | undefined =>
  [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.ephemeralContainerStatuses ?? []),
  ].find((status) => status.name === name)
const waiting = (pod: Pod, name: string): string | undefined => container(pod, name)?.state?.waiting?.reason

describe('a kubelet with containerd and a control plane', { skip: whyNoContainerd() ?? false }, () => {
  let node: TestNode
  before(async () => {
    node = await startTestNode()
  })
  after(() => node.stop())

  const log = (pod: Pod, name: string, run = 0): string => {
    const { namespace, name: podName, uid } = pod.metadata
    const file = join(node.config.podLogsDir, `${namespace}_${podName}_${uid}`, name, `${run}.log`)
    return readFileSync(file, 'utf8').replace(/^\S+ std\w+ F /gm, '')
  }
  const finish = async (name: string): Promise<void> => {
    await node.client.delete(pods, 'default', name, { gracePeriodSeconds: 1 })
    await node.gone(name)
  }

  test('registers its node as ready, with what the machine has', async () => {
    const found = await node.client.get(nodes, undefined, 'n1')
    const status = found.status as { conditions: { type: string; status: string }[]; capacity: object }
    assert.ok(isConditionTrue(status.conditions, 'Ready'))
    for (const name of ['cpu', 'memory', 'ephemeral-storage', 'pods'])
      assert.ok(name in status.capacity, name)
  })

  test('a pod becomes ready, has a status to the letter, and leaves nothing behind', async () => {
    await node.create('plain', { containers: [shell('main', `echo hello; ${forever}`)] })
    const pod = await node.until('plain', isReady)
    const { status } = pod
    assert.equal(status?.phase, 'Running')
    assert.equal(status?.qosClass, 'BestEffort')
    assert.equal(status?.observedGeneration, 1)
    assert.equal(status?.hostIP, '127.0.0.1')
    assert.match(status?.podIP ?? '', /^10\.214\./)
    const main = container(pod, 'main')!
    assert.equal(main.ready && main.started, true)
    assert.match(main.containerID ?? '', /^containerd:\/\/[0-9a-f]{64}$/)
    assert.deepEqual(status?.conditions?.map(({ type }) => type).sort(), [
      'ContainersReady',
      'Initialized',
      'PodReadyToStartContainers',
      'PodScheduled',
      'Ready',
    ])
    assert.match(log(pod, 'main'), /^hello$/m)
    const directory = join(node.config.rootDir, 'pods', pod.metadata.uid!)
    assert.ok(existsSync(directory))
    await finish('plain')
    assert.ok(!existsSync(directory))
    assert.deepEqual(readdirSync(join(node.config.rootDir, 'memory')), [])
  })

  test('init containers run in order, sidecars stay, and end last', async () => {
    const shared = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] }
    const stop = (name: string): string =>
      `trap "echo ${name} >> /shared/order; exit 0" TERM; while true; do sleep 0.05; done`
    const hostPath = join(node.containerd.directory, 'order')
    mkdirSync(hostPath)
    await node.create('order', {
      terminationGracePeriodSeconds: 20,
      initContainers: [
        shell('first', 'echo first >> /shared/order', shared),
        shell('side', stop('side'), { ...shared, restartPolicy: 'Always' }),
        shell('second', 'echo second >> /shared/order', shared),
      ],
      containers: [shell('main', stop('main'), shared)],
      volumes: [{ name: 'shared', hostPath: { path: hostPath } }],
    })
    const pod = await node.until('order', isReady)
    assert.equal(container(pod, 'first')?.state?.terminated?.reason, 'Completed')
    assert.equal(container(pod, 'side')?.started, true)
    await node.client.delete(pods, 'default', 'order', { gracePeriodSeconds: 20 })
    await node.gone('order')
    assert.deepEqual(readFileSync(join(hostPath, 'order'), 'utf8').trim().split('\n'), [
      'first',
      'second',
      'main',
      'side',
    ])
  })

  test('a pod that may end ends: phases, exit codes, last words', async () => {
    await node.create('done', { restartPolicy: 'Never', containers: [shell('a', 'exit 0')] })
    await node.create('failed', {
      restartPolicy: 'Never',
      containers: [
        shell('file', 'echo to the file > /dev/termination-log; exit 3'),
        shell('logged', 'echo to the log; exit 4', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
      ],
    })
    const done = await node.until('done', ({ status }) => status?.phase === 'Succeeded')
    assert.equal(container(done, 'a')?.state?.terminated?.exitCode, 0)
    const failed = await node.until('failed', ({ status }) => status?.phase === 'Failed')
    const ended = (name: string) => container(failed, name)?.state?.terminated
    assert.deepEqual([ended('file')?.exitCode, ended('file')?.message], [3, 'to the file\n'])
    assert.deepEqual([ended('logged')?.exitCode, ended('logged')?.message], [4, 'to the log\n'])
    assert.equal(ended('file')?.reason, 'Error')
    await finish('done')
    await finish('failed')
  })

  test('what crashes is started again, then after a while only; the log before is kept', async () => {
    await node.create('crash', { containers: [shell('main', 'echo run; exit 1')] })
    const pod = await node.until('crash', (one) => waiting(one, 'main') === 'CrashLoopBackOff')
    const main = container(pod, 'main')!
    assert.equal(main.restartCount, 1)
    assert.match(
      main.state?.waiting?.message ?? '',
      /^back-off 10s restarting failed container=main pod=crash_default\(/,
    )
    assert.equal(main.lastState?.terminated?.exitCode, 1)
    assert.equal(pod.status?.phase, 'Running')
    assert.equal(log(pod, 'main', 0), 'run\n')
    assert.equal(log(pod, 'main', 1), 'run\n')
    await finish('crash')
  })

  test('why a container does not start is in its status', async () => {
    await node.create('waits', {
      containers: [
        shell('never', '', { image: 'registry.test/none:1', imagePullPolicy: 'Never' }),
        shell('name', '', { image: 'NOT a name' }),
        shell('key', '', {
          env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'k' } } }],
        }),
        shell('root', '', { securityContext: { runAsNonRoot: true } }),
      ],
    })
    const pod = await node.until(
      'waits',
      (one) =>
        one.status?.containerStatuses?.every(({ name }) => waiting(one, name) !== 'ContainerCreating') ??
        false,
    )
    assert.deepEqual(
      ['never', 'name', 'key', 'root'].map((name) => waiting(pod, name)),
      ['ErrImageNeverPull', 'InvalidImageName', 'CreateContainerConfigError', 'CreateContainerConfigError'],
    )
    assert.equal(container(pod, 'key')?.state?.waiting?.message, 'configmap "none" not found')
    assert.equal(pod.status?.phase, 'Pending')
    await finish('waits')
  })

  test('environment and files come from the API, and follow it', async () => {
    await node.client.create(configMaps, 'default', {
      metadata: { name: 'settings' },
      data: { color: 'red' },
    })
    await node.client.create(secrets, 'default', {
      metadata: { name: 'hidden' },
      data: { word: Buffer.from('sesame').toString('base64') },
    })
    await node.create(
      'config',
      {
        securityContext: { runAsUser: 33, fsGroup: 44 },
        containers: [
          shell(
            'main',
            `env | sort; id; cat /etc/settings/color /secrets/word /me/labels /me/cpu; ls -ln /secrets/..data/; touch /tmp/told; ${forever}`,
            {
              env: [
                { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
                { name: 'WORD', valueFrom: { secretKeyRef: { name: 'hidden', key: 'word' } } },
                { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                { name: 'BOTH', value: '$(COLOR)-$(POD)-$$(COLOR)-$(NONE)' },
              ],
              readinessProbe: { exec: { command: ['cat', '/tmp/told'] }, periodSeconds: 1 },
              envFrom: [{ prefix: 'P_', configMapRef: { name: 'settings' } }],
              resources: { limits: { cpu: '250m', memory: '64Mi' } },
              volumeMounts: [
                { name: 'settings', mountPath: '/etc/settings' },
                { name: 'hidden', mountPath: '/secrets' },
                { name: 'me', mountPath: '/me' },
              ],
            },
          ),
        ],
        volumes: [
          { name: 'settings', configMap: { name: 'settings' } },
          { name: 'hidden', secret: { secretName: 'hidden', defaultMode: 0o400 } },
          {
            name: 'me',
            downwardAPI: {
              items: [
                { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
                {
                  path: 'cpu',
                  resourceFieldRef: { containerName: 'main', resource: 'limits.cpu', divisor: '1m' },
                },
              ],
            },
          },
        ],
      },
      { labels: { app: 'x' } },
    )
    const pod = await node.until('config', isReady)
    const text = log(pod, 'main')
    for (const line of [
      'COLOR=red',
      'WORD=sesame',
      'POD=config',
      'P_color=red',
      'BOTH=red-config-$(COLOR)-$(NONE)',
    ]) {
      assert.ok(text.includes(`${line}\n`), line)
    }
    assert.match(text, /uid=33\(www\) gid=33\(www\) groups=.*44\(extra\)/)
    assert.match(text, /redsesameapp="x"250/)
    assert.match(text, /-r--r----- {4}1 0 {8}44 /)
    assert.equal(pod.status?.qosClass, 'Guaranteed')

    const changed = fileContains(
      join(node.config.rootDir, 'pods', pod.metadata.uid!, 'volumes/kubernetes.io~configmap/settings'),
      'color',
      'blue',
    )
    await node.client.patch<ConfigMap>(configMaps, 'default', 'settings', 'merge', {
      data: { color: 'blue' },
    })
    await changed
    await finish('config')
  })

  test('probes decide on readiness and restarts', async () => {
    await node.create('probed', {
      containers: [
        shell('main', `touch /tmp/alive; ${forever}`, {
          startupProbe: { exec: { command: ['cat', '/tmp/alive'] }, periodSeconds: 1 },
          readinessProbe: { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 1 },
          livenessProbe: { exec: { command: ['cat', '/tmp/alive'] }, periodSeconds: 1, failureThreshold: 1 },
        }),
      ],
    })
    const started = await node.until('probed', (pod) => container(pod, 'main')?.started === true)
    assert.equal(container(started, 'main')?.ready, false)
    const id = container(started, 'main')!.containerID!.replace('containerd://', '')
    await node.kubelet.cri.execSync({ containerId: id, cmd: ['touch', '/tmp/ready'] })
    await node.until('probed', isReady)
    await node.kubelet.cri.execSync({ containerId: id, cmd: ['rm', '/tmp/alive'] })
    const again = await node.until('probed', (pod) => container(pod, 'main')?.restartCount === 1)
    assert.equal(isReady(again), false)
    await node.until('probed', (pod) => container(pod, 'main')?.started === true)
    const { items } = await node.client.list<Event>(events, { namespace: 'default' })
    assert.ok(
      items.some(
        ({ reason, message }) => reason === 'Unhealthy' && message?.startsWith('Liveness probe failed: cat:'),
      ),
    )
    assert.ok(
      items.some(({ message }) => message === 'Container main failed liveness probe, will be restarted'),
    )
    await finish('probed')
  })

  test('hooks run: after the start, and before the end within the time there is', async () => {
    const directory = join(node.containerd.directory, 'hooks')
    mkdirSync(directory)
    const hook = (text: string) => ({ exec: { command: ['sh', '-c', `echo ${text} >> /out/hooks`] } })
    await node.create('hooks', {
      terminationGracePeriodSeconds: 10,
      containers: [
        shell('main', forever, {
          lifecycle: { postStart: hook('post'), preStop: hook('pre') },
          volumeMounts: [{ name: 'out', mountPath: '/out' }],
        }),
      ],
      volumes: [{ name: 'out', hostPath: { path: directory } }],
    })
    await node.until('hooks', isReady)
    await node.client.delete(pods, 'default', 'hooks')
    await node.gone('hooks')
    assert.equal(readFileSync(join(directory, 'hooks'), 'utf8'), 'post\npre\n')
  })

  test('a new kubelet takes over what runs, and ends what nobody wants any more', async () => {
    await node.create('kept', {
      containers: [
        shell('main', forever, { readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } }),
      ],
    })
    await node.create('unwanted', { containers: [shell('main', forever)] })
    const kept = await node.until('kept', isReady)
    const unwanted = await node.until('unwanted', isReady)
    await node.kubelet.stop()
    await node.client.delete(pods, 'default', 'unwanted', { gracePeriodSeconds: 0 })
    await node.restartKubelet()
    const worker = node.kubelet.pods.worker(unwanted.metadata.uid!)
    await worker?.done
    const { items } = await node.kubelet.cri.listPodSandbox({ filter: { state: { state: 0 } } })
    assert.deepEqual(
      items.map(({ metadata }) => metadata?.name),
      ['kept'],
    )
    const now = await node.until('kept', isReady)
    assert.deepEqual(
      [container(now, 'main')?.containerID, container(now, 'main')?.restartCount],
      [container(kept, 'main')?.containerID, 0],
    )
    assert.equal(
      now.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime,
      kept.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime,
    )
    await finish('kept')
  })

  test('a container that ended while the runtime was away is started again when it is back', async () => {
    await node.create('survivor', { containers: [shell('main', forever)] })
    const pod = await node.until('survivor', isReady)
    const id = container(pod, 'main')!.containerID!.replace('containerd://', '')
    const { info } = await node.kubelet.cri.containerStatus({ containerId: id, verbose: true })
    const { pid } = JSON.parse(info.info!) as { pid: number }
    await node.containerd.kill()
    process.kill(pid, 'SIGKILL')
    await node.containerd.restart()
    const again = await node.until(
      'survivor',
      (one) => isReady(one) && container(one, 'main')?.restartCount === 1,
    )
    assert.equal(container(again, 'main')?.lastState?.terminated?.exitCode, 137)
    await finish('survivor')
  })

  test('a sandbox that died is made again, with all that runs in it', async () => {
    await node.create('undone', {
      initContainers: [shell('init', 'true')],
      containers: [shell('main', forever)],
    })
    const before = await node.until('undone', isReady)
    const { items } = await node.kubelet.cri.listPodSandbox({
      filter: { labelSelector: { 'io.kubernetes.pod.uid': before.metadata.uid! } },
    })
    const { info } = await node.kubelet.cri.podSandboxStatus({ podSandboxId: items[0]!.id, verbose: true })
    process.kill((JSON.parse(info.info!) as { pid: number }).pid, 'SIGKILL')
    const after = await node.until(
      'undone',
      (pod) => isReady(pod) && container(pod, 'main')?.restartCount === 1,
    )
    assert.notEqual(after.status?.podIP, before.status?.podIP)
    assert.equal(container(after, 'init')?.state?.terminated?.reason, 'Completed')
    await finish('undone')
  })

  test('a static pod runs, shows in the API, and goes with its file', async () => {
    const file = join(node.config.staticPodsDir, 'web.json')
    const manifest = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      spec: { containers: [shell('main', forever)] },
    }
    writeFileSync(file, JSON.stringify(manifest))
    const mirror = await node.until('web-n1', isReady)
    assert.equal(mirror.metadata.annotations?.['kubernetes.io/config.source'], 'file')
    assert.equal(mirror.metadata.ownerReferences?.[0]?.kind, 'Node')
    rmSync(file)
    await node.gone('web-n1')
  })

  test('ephemeral containers join a running pod', async () => {
    await node.create('debugged', { containers: [shell('main', forever)] })
    await node.until('debugged', isReady)
    await node.client.patch(
      pods,
      'default',
      'debugged',
      'strategic',
      {
        spec: {
          ephemeralContainers: [
            { ...shell('debug', 'ps | grep -c sleep; exit 5'), targetContainerName: 'main' },
          ],
        },
      },
      { subresource: 'ephemeralcontainers' },
    )
    const pod = await node.until(
      'debugged',
      (one) => container(one, 'debug')?.state?.terminated !== undefined,
    )
    assert.equal(container(pod, 'debug')?.state?.terminated?.exitCode, 5)
    assert.ok(isReady(pod))
    await finish('debugged')
  })

  test('a running pod gets other resources, or is told why not', async () => {
    const main = (cpu: string): object => ({
      name: 'main',
      resources: { requests: { cpu }, limits: { cpu } },
    })
    await node.create('resized', {
      containers: [
        shell('main', forever, { resources: { requests: { cpu: '100m' }, limits: { cpu: '100m' } } }),
      ],
    })
    const before = await node.until('resized', isReady)
    const id = container(before, 'main')?.containerID
    const resize = (cpu: string) =>
      node.client.patch(
        pods,
        'default',
        'resized',
        'strategic',
        { spec: { containers: [main(cpu)] } },
        { subresource: 'resize' },
      )
    await resize('200m')
    const after = await node.until(
      'resized',
      (pod) => container(pod, 'main')?.resources?.limits?.cpu === '200m',
    )
    assert.deepEqual([container(after, 'main')?.containerID, container(after, 'main')?.restartCount], [id, 0])
    const quota = `/sys/fs/cgroup/cpu${node.config.cgroupRoot}/burstable/pod${after.metadata.uid}/${id?.replace('containerd://', '')}/cpu.cfs_quota_us`
    if (existsSync('/sys/fs/cgroup/cpu')) assert.equal(readFileSync(quota, 'utf8').trim(), '20000')
    await resize('9000')
    const pending = await node.until('resized', ({ status }) =>
      isConditionTrue(status?.conditions, 'PodResizePending'),
    )
    assert.equal(
      pending.status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason,
      'Infeasible',
    )
    assert.equal(container(pending, 'main')?.allocatedResources?.cpu, '200m')
    await finish('resized')
  })

  test('a restart rule starts all of a pod over', async () => {
    const shared = { volumeMounts: [{ name: 's', mountPath: '/s' }] }
    await node.create('over', {
      restartPolicy: 'Never',
      initContainers: [shell('init', 'echo init >> /s/log', shared)],
      containers: [
        shell(
          'a',
          `while [ ! -e /s/b ]; do sleep 0.05; done; [ -e /s/again ] || { touch /s/again; exit 42; }; ${forever}`,
          {
            ...shared,
            restartPolicy: 'Never',
            restartPolicyRules: [
              { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } },
            ],
          },
        ),
        shell('b', `echo b >> /s/log; touch /s/b /written; ${forever}`, {
          ...shared,
          readinessProbe: { exec: { command: ['test', '-e', '/written'] }, periodSeconds: 1 },
        }),
      ],
      volumes: [{ name: 's', emptyDir: {} }],
    })
    const pod = await node.until('over', (one) => isReady(one) && container(one, 'b')?.restartCount === 1)
    assert.equal(container(pod, 'a')?.restartCount, 1)
    const directory = join(
      node.config.rootDir,
      'pods',
      pod.metadata.uid!,
      'volumes/kubernetes.io~empty-dir/s',
    )
    assert.equal(readFileSync(join(directory, 'log'), 'utf8'), 'init\nb\ninit\nb\n')
    await finish('over')
  })

  test('mounts and paths of volumes: shared mounts, parts of volumes, memory', async () => {
    await node.client.create(configMaps, 'default', { metadata: { name: 'parts' }, data: { one: '1' } })
    await node.create('mounts', {
      containers: [
        shell(
          'maker',
          `mkdir -p /s/m; mount -t tmpfs t /s/m; echo made > /s/m/file; trap 'umount /s/m; exit 0' TERM; while true; do sleep 0.05; done`,
          {
            securityContext: { privileged: true },
            volumeMounts: [{ name: 's', mountPath: '/s', mountPropagation: 'Bidirectional' }],
          },
        ),
        shell(
          'seer',
          `cat /one; mount | grep ' /mem '; while [ ! -e /s/m/file ]; do sleep 0.05; done; cat /s/m/file; touch /sub/ok; ${forever}`,
          {
            env: [{ name: 'WHO', value: 'me' }],
            readinessProbe: { exec: { command: ['cat', '/sub/ok'] }, periodSeconds: 1 },
            volumeMounts: [
              { name: 's', mountPath: '/s', mountPropagation: 'HostToContainer' },
              { name: 'parts', mountPath: '/one', subPath: 'one' },
              { name: 's', mountPath: '/sub', subPathExpr: 'deep/$(WHO)' },
              { name: 'mem', mountPath: '/mem' },
            ],
          },
        ),
      ],
      volumes: [
        { name: 's', emptyDir: {} },
        { name: 'parts', configMap: { name: 'parts' } },
        { name: 'mem', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      ],
    })
    const pod = await node.until('mounts', isReady)
    assert.match(log(pod, 'seer'), /^1tmpfs on \/mem type tmpfs .*size=1024k[\s\S]*\nmade\n/)
    const directory = join(node.config.rootDir, 'pods', pod.metadata.uid!)
    assert.ok(existsSync(join(directory, 'volumes/kubernetes.io~empty-dir/s/deep/me/ok')))
    await finish('mounts')
    assert.ok(!existsSync(directory))
  })

  test('pods past their deadline fail', async () => {
    await node.create('late', { activeDeadlineSeconds: 1, containers: [shell('main', forever)] })
    const pod = await node.until('late', ({ status }) => status?.phase === 'Failed')
    assert.equal(pod.status?.reason, 'DeadlineExceeded')
    await finish('late')
  })

  test('what does not fit is rejected', async () => {
    await node.create('huge', {
      containers: [shell('main', forever, { resources: { requests: { cpu: '5000' } } })],
    })
    const pod = await node.until('huge', ({ status }) => status?.phase === 'Failed')
    assert.equal(pod.status?.reason, 'OutOfcpu')
    await finish('huge')
  })
})

/** Resolves when a file in a volume has that content; told by the directory's events. */
async function fileContains(directory: string, name: string, content: string): Promise<void> {
  const { watch } = await import('node:fs/promises')
  const current = (): string => readFileSync(join(directory, name), 'utf8')
  const events = watch(directory, { signal: AbortSignal.timeout(20_000) })
  if (current() === content) return
  for await (const _ of events) if (current() === content) return
}
