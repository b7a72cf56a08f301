import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connectCri } from '../connect.ts'
import type { CriClient } from '../cri-client.ts'
import { CriError } from '../cri-error.ts'
import {
  ContainerEventType,
  ContainerState,
  NamespaceMode,
  PodSandboxState,
} from '../generated/runtime-v1.ts'
import type { GrpcServer } from '../grpc/server.ts'
import { serveCri } from '../serve.ts'
import { startTestDockerd, type TestDockerd, whyNoDockerd } from '../testing/dockerd.ts'
import { removeSandboxes } from '../testing/remove-sandboxes.ts'
import { buildScratchImage } from '../testing/scratch-image.ts'
import { busyboxImage, pauseImage } from '../testing/test-images.ts'
import { type DockerCri, openDockerCri } from './docker-cri.ts'
import { Engine } from './engine.ts'

const ownProcesses = { pid: NamespaceMode.CONTAINER }

describe('CRI over a Docker engine', { skip: whyNoDockerd() ?? false }, () => {
  let dockerd: TestDockerd
  let service: DockerCri
  let server: GrpcServer
  let client: CriClient
  let socket: string

  const open = async (): Promise<void> => {
    service = await openDockerCri({
      engineSocket: dockerd.socket,
      cni: dockerd.cni,
      sandboxImage: pauseImage,
      onLogError: (id, error) => assert.fail(`log of ${id}: ${error}`),
    })
    server = await serveCri(socket, service.handlers)
  }
  const close = async (): Promise<void> => {
    await server.close()
    await service.close()
  }

  before(async () => {
    dockerd = await startTestDockerd(mkdtempSync(join(tmpdir(), 'cri-docker-')), `215.${process.pid % 250}`)
    socket = join(dockerd.directory, 'cri.sock')
    await open()
    client = connectCri(socket)
  })
  after(async () => {
    await removeSandboxes(socket)
    client.close()
    await close()
    await dockerd.remove()
  })

  const sandboxConfig = (name: string) => ({
    metadata: { name, namespace: 'default', uid: `uid-${name}`, attempt: 0 },
    hostname: name,
    logDirectory: join(dockerd.directory, 'logs', name),
    labels: { pod: name },
    annotations: { note: 'a "quoted" one' },
    dnsConfig: { servers: ['10.0.0.10'], searches: ['svc.test', 'test'], options: ['ndots:5'] },
    linux: {
      cgroupParent: `${dockerd.cgroup}/pods`,
      sysctls: { 'net.ipv4.ip_unprivileged_port_start': '7' },
    },
  })

  async function pod(name: string) {
    const config = sandboxConfig(name)
    const { podSandboxId } = await client.runPodSandbox({ config })
    const logOf = (container: string): string => join(config.logDirectory, `${container}.log`)
    const create = async (container: string, command: string[], more: object = {}): Promise<string> => {
      const { containerId } = await client.createContainer({
        podSandboxId,
        sandboxConfig: config,
        config: {
          metadata: { name: container, attempt: 0 },
          image: { image: busyboxImage },
          command,
          logPath: `${container}.log`,
          labels: { container },
          linux: { securityContext: { namespaceOptions: ownProcesses } },
          ...more,
        },
      })
      return containerId
    }
    const start = async (container: string, command: string[], more: object = {}): Promise<string> => {
      const containerId = await create(container, command, more)
      await client.startContainer({ containerId })
      return containerId
    }
    const sh = async (containerId: string, script: string): Promise<string> =>
      Buffer.from(
        (await client.execSync({ containerId, cmd: ['sh', '-c', script], timeout: 10 })).stdout,
      ).toString()
    return { config, podSandboxId, logOf, create, start, sh }
  }

  /** Resolves to the status when the engine says that the container has ended. */
  async function ended(containerId: string) {
    const abort = new AbortController()
    try {
      const events = client.getContainerEvents({}, { signal: abort.signal })
      const next = events[Symbol.asyncIterator]()
      let event = next.next()
      await client.version({})
      for (;;) {
        const { status } = await client.containerStatus({ containerId })
        if (status?.state === ContainerState.CONTAINER_EXITED) {
          event.catch(() => {})
          return status
        }
        const { value } = await event
        assert.notEqual(value?.containerEventType, undefined)
        event = next.next()
      }
    } finally {
      abort.abort()
    }
  }

  const contents = (file: string): string[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /, ''))

  test('says what it is, and that it is ready', async () => {
    assert.match((await client.version({})).runtimeVersion, /^\d+\.\d+/)
    const { status } = await client.status({})
    assert.deepEqual(
      status?.conditions.map((condition) => [condition.type, condition.status]),
      [
        ['RuntimeReady', true],
        ['NetworkReady', true],
      ],
    )
  })

  test('a sandbox: network, names, sysctls; its containers share them', async () => {
    const { config, podSandboxId, start, sh } = await pod('net')
    const { status } = await client.podSandboxStatus({ podSandboxId })
    assert.equal(status?.state, PodSandboxState.SANDBOX_READY)
    assert.deepEqual(
      [status.metadata, status.labels, status.annotations],
      [config.metadata, config.labels, config.annotations],
    )
    const ip = status.network!.ip
    assert.match(ip, /^10\.215\./)
    const one = await start('one', ['sleep', '1000'])
    const two = await start('two', ['sleep', '1000'])
    for (const container of [one, two]) {
      assert.match(await sh(container, 'ip -4 addr show eth0'), new RegExp(`inet ${ip}/`))
    }
    assert.equal(await sh(one, 'hostname'), 'net\n')
    assert.equal(
      await sh(one, 'cat /etc/resolv.conf'),
      'search svc.test test\nnameserver 10.0.0.10\noptions ndots:5\n',
    )
    assert.equal(await sh(one, 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start'), '7\n')
    assert.equal(await sh(one, 'readlink /proc/self/ns/ipc'), await sh(two, 'readlink /proc/self/ns/ipc'))
    assert.match(await sh(one, 'ip addr show lo'), /127\.0\.0\.1/)

    await client.stopPodSandbox({ podSandboxId })
    await client.stopPodSandbox({ podSandboxId })
    const { items } = await client.listPodSandbox({ filter: { labelSelector: { pod: 'net' } } })
    assert.deepEqual(
      items.map(({ id, state }) => [id, state]),
      [[podSandboxId, PodSandboxState.SANDBOX_NOTREADY]],
    )
    assert.equal((await ended(one)).exitCode, 137)
    await client.removePodSandbox({ podSandboxId })
    await assert.rejects(
      client.containerStatus({ containerId: one }),
      (error) => error instanceof CriError && error.code === 'NotFound',
    )
    assert.equal((await client.listContainers({ filter: { podSandboxId } })).containers.length, 0)
  })

  test("a sandbox on the host's network has no address of its own", async () => {
    const config = sandboxConfig('host')
    const options = { network: NamespaceMode.NODE, pid: NamespaceMode.NODE }
    const { podSandboxId } = await client.runPodSandbox({
      config: { ...config, hostname: '', linux: { securityContext: { namespaceOptions: options } } },
    })
    const { status } = await client.podSandboxStatus({ podSandboxId })
    assert.equal(status?.network?.ip, '')
    assert.equal(status?.linux?.namespaces?.options?.network, NamespaceMode.NODE)
  })

  test('a container that ends: exit code, log of both outputs, long lines in pieces', async () => {
    const { start, logOf } = await pod('log')
    const script = 'echo out; echo err >&2; printf "%020000d\\n" 7; printf tail; exit 3'
    const status = await ended(await start('main', ['sh', '-c', script]))
    assert.deepEqual([status.exitCode, status.reason], [3, 'Error'])
    assert.ok(status.finishedAt >= status.startedAt && status.startedAt >= status.createdAt - 1e9)
    const lines = contents(logOf('main'))
    const short = lines.filter((line) => line.length < 100).sort()
    assert.deepEqual(short, ['stderr F err', 'stdout F out', 'stdout P tail'])
    const pieces = lines
      .filter((line) => line.length > 100)
      .map((line) => [line.slice(0, 9), line.length - 9])
    assert.deepEqual(pieces, [
      ['stdout P ', 16384],
      ['stdout F ', 20000 - 16384],
    ])
  })

  test('a log goes on after a restart of the service, without a gap and without anything twice', async () => {
    const { start, sh, logOf } = await pod('again')
    const hostPath = join(dockerd.directory, 'input')
    execFileSync('mkfifo', [hostPath])
    const id = await start(
      'main',
      ['sh', '-c', 'exec 3<>/in; while read -r line && [ $line != end ]; do echo $line; done <&3'],
      {
        mounts: [{ hostPath, containerPath: '/in' }],
      },
    )
    await sh(id, 'seq 1 100 > /in')
    await close()
    await open()
    await sh(id, 'seq 101 200 > /in')
    renameSync(logOf('main'), `${logOf('main')}.20260101-000000`)
    await client.reopenContainerLog({ containerId: id })
    await sh(id, '{ seq 201 300; echo end; } > /in')
    await ended(id)
    const all = [...contents(`${logOf('main')}.20260101-000000`), ...contents(logOf('main'))]
    assert.deepEqual(
      all,
      Array.from({ length: 300 }, (_, index) => `stdout F ${index + 1}`),
    )
  })

  test('exec: both outputs, exit code, much output, a time that is over', async () => {
    const { start, sh } = await pod('exec')
    const containerId = await start('main', ['sleep', '1000'])
    const { stdout, stderr, exitCode } = await client.execSync({
      containerId,
      cmd: ['sh', '-c', 'echo a; echo b >&2; exit 7'],
    })
    assert.deepEqual([String(Buffer.from(stdout)), String(Buffer.from(stderr)), exitCode], ['a\n', 'b\n', 7])
    const big = await client.execSync({ containerId, cmd: ['dd', 'if=/dev/zero', 'bs=1M', 'count=15'] })
    assert.equal(big.stdout.length, 15 << 20)
    await assert.rejects(
      client.execSync({ containerId, cmd: ['sleep', '777'], timeout: 1 }),
      (error) => error instanceof CriError && error.code === 'DeadlineExceeded',
    )
    assert.doesNotMatch(await sh(containerId, 'ps'), /sleep 777/)
  })

  test('users, groups, capabilities, read-only roots, mounts and limits', async () => {
    const { start, sh } = await pod('secure')
    const hostPath = join(dockerd.directory, 'made:of colons')
    const id = await start('main', ['sleep', '1000'], {
      envs: [{ key: 'A', value: Buffer.from('b=c') }],
      mounts: [{ hostPath, containerPath: '/data', readonly: true }],
      linux: {
        resources: { memoryLimitInBytes: 64 << 20, cpuQuota: 20000, cpuPeriod: 100000, oomScoreAdj: 500 },
        securityContext: {
          namespaceOptions: ownProcesses,
          runAsUser: { value: 33 },
          runAsGroup: { value: 34 },
          supplementalGroups: [4711],
          readonlyRootfs: true,
          noNewPrivs: true,
          capabilities: { dropCapabilities: ['ALL'], addCapabilities: ['NET_ADMIN'] },
        },
      },
    })
    assert.match(await sh(id, 'id'), /uid=33.* gid=34.* groups=.*4711/)
    const status = await sh(id, 'cat /proc/1/status /proc/1/oom_score_adj')
    assert.match(status, /^CapBnd:\s+0000000000001000$/m)
    assert.match(status, /^NoNewPrivs:\s+1$/m)
    assert.match(status, /^500$/m)
    assert.match(
      await sh(id, 'touch /x 2>&1; touch /data/x 2>&1; echo $A'),
      /\/x: Read-only.*\n.*\/data\/x: Read-only.*\nb=c/,
    )
    const { stats } = await client.containerStats({ containerId: id })
    assert.ok(stats!.memory!.workingSetBytes!.value > 0 && stats!.memory!.workingSetBytes!.value < 64 << 20)
    assert.ok(stats!.cpu!.usageCoreNanoSeconds!.value > 0)
    await client.updateContainerResources({
      containerId: id,
      linux: { memoryLimitInBytes: 128 << 20, cpuShares: 512 },
    })
  })

  test('a privileged container may what this machine may', async () => {
    const { start, sh } = await pod('privileged')
    const id = await start('main', ['sleep', '1000'], { linux: { securityContext: { privileged: true } } })
    assert.equal(await sh(id, 'mkdir /m; mount -t tmpfs none /m && echo mounted'), 'mounted\n')
  })

  test('a program that is not there: the start fails, and the container has ended', async () => {
    const { podSandboxId, create } = await pod('wrong')
    const containerId = await create('main', ['/nothing'])
    await assert.rejects(client.startContainer({ containerId }), /\/nothing/)
    const { status } = await client.containerStatus({ containerId })
    assert.deepEqual([status?.state, status?.reason], [ContainerState.CONTAINER_EXITED, 'ContainerCannotRun'])
    const { containers } = await client.listContainers({ filter: { podSandboxId } })
    assert.deepEqual(
      containers.map(({ id, state }) => [id, state]),
      [[containerId, ContainerState.CONTAINER_EXITED]],
    )
  })

  test('events of containers and sandboxes, in order', async () => {
    const abort = new AbortController()
    const events = client.getContainerEvents({}, { signal: abort.signal })[Symbol.asyncIterator]()
    const first = events.next()
    await client.version({})
    const { podSandboxId } = await pod('events')
    await client.removePodSandbox({ podSandboxId })
    const seen: ContainerEventType[] = []
    for (let event = await first; seen.length < 4; event = await events.next()) {
      if (event.value?.containerId === podSandboxId) seen.push(event.value!.containerEventType)
      if (seen.length === 4) break
    }
    abort.abort()
    assert.deepEqual(seen, [
      ContainerEventType.CONTAINER_CREATED_EVENT,
      ContainerEventType.CONTAINER_STARTED_EVENT,
      ContainerEventType.CONTAINER_STOPPED_EVENT,
      ContainerEventType.CONTAINER_DELETED_EVENT,
    ])
  })

  test('images: listed, found by name and id, removed with all their names', async () => {
    const { images } = await client.listImages({})
    const pause = images.find(({ repoTags }) => repoTags.includes(pauseImage))!
    assert.equal(pause.pinned, true)
    const { image } = await client.imageStatus({ image: { image: busyboxImage } })
    assert.deepEqual((await client.imageStatus({ image: { image: image!.id } })).image, image)
    assert.equal((await client.imageStatus({ image: { image: 'registry.test/nothing:1' } })).image, undefined)
    const name = 'registry.test/unused:1'
    await dockerd.load(
      buildScratchImage(join(dockerd.directory, 'unused'), {
        name,
        programs: { '/true': '/bin/true' },
        config: {},
      }),
    )
    const engine = new Engine(dockerd.socket)
    await engine.json(`/images/${name}/tag`, {
      method: 'POST',
      query: { repo: 'registry.test/other', tag: '1' },
    })
    engine.close()
    const unused = (await client.imageStatus({ image: { image: name } })).image!
    assert.deepEqual(unused.repoTags.sort(), ['registry.test/other:1', name])
    await client.removeImage({ image: { image: name } })
    assert.equal((await client.imageStatus({ image: { image: unused.id } })).image, undefined)
    await client.removeImage({ image: { image: name } })
    await assert.rejects(client.pullImage({ image: { image: 'localhost:1/nothing:1' } }), CriError)
    const { imageFilesystems } = await client.imageFsInfo({})
    assert.ok(imageFilesystems[0]!.usedBytes!.value > 0)
  })
})
