import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connectCri } from './connect.ts'
import type { CriClient } from './cri-client.ts'
import { CriError } from './cri-error.ts'
import { ContainerState, PodSandboxState } from './generated/runtime-v1.ts'
import {
  busyboxImage,
  startTestContainerd,
  type TestContainerd,
  whyNoContainerd,
} from './testing/containerd.ts'

test('a socket that nobody listens on is Unavailable', async () => {
  const client = connectCri('/nonexistent/cri.sock')
  await assert.rejects(
    client.version({}),
    (error) => error instanceof CriError && error.code === 'Unavailable',
  )
  client.close()
})

describe('against containerd', { skip: whyNoContainerd() ?? false }, () => {
  let containerd: TestContainerd
  let client: CriClient
  before(async () => {
    containerd = await startTestContainerd(
      mkdtempSync(join(tmpdir(), 'cri-test-')),
      `213.${process.pid % 250}`,
    )
    client = connectCri(containerd.socket)
  })
  after(async () => {
    client.close()
    await containerd.remove()
  })

  test('versions and typed errors', async () => {
    assert.equal((await client.version({})).runtimeName, 'containerd')
    await assert.rejects(
      client.containerStatus({ containerId: 'nope' }),
      (error) => error instanceof CriError && error.code === 'NotFound' && /nope/.test(error.message),
    )
    await assert.rejects(
      client.version({}, { signal: AbortSignal.abort() }),
      (error) => error instanceof CriError && error.code === 'Canceled',
    )
  })

  test('a sandbox with a container, exec with much output, deadlines', async () => {
    const config = {
      metadata: { name: 'a', namespace: 'b', uid: 'c' },
      logDirectory: join(containerd.directory, 'logs'),
      labels: { x: 'y' },
    }
    const { podSandboxId } = await client.runPodSandbox({ config })
    const { containerId } = await client.createContainer({
      podSandboxId,
      sandboxConfig: config,
      config: {
        metadata: { name: 'main' },
        image: { image: busyboxImage },
        command: ['sh', '-c', 'sleep 1000'],
        logPath: 'main.log',
      },
    })
    await client.startContainer({ containerId })
    const { status } = await client.containerStatus({ containerId })
    assert.equal(status?.state, ContainerState.CONTAINER_RUNNING)
    assert.equal(status?.metadata?.name, 'main')
    assert.ok(Math.abs(status.startedAt / 1e6 - Date.now()) < 60_000)

    const big = await client.execSync({ containerId, cmd: ['dd', 'if=/dev/zero', 'bs=1M', 'count=15'] })
    assert.equal(big.stdout.length, 15 << 20)
    assert.equal((await client.execSync({ containerId, cmd: ['sh', '-c', 'exit 3'] })).exitCode, 3)
    await assert.rejects(
      client.execSync({ containerId, cmd: ['sleep', '100'] }, { timeout: 50 }),
      (error) => error instanceof CriError && error.code === 'DeadlineExceeded',
    )

    const { items } = await client.listPodSandbox({ filter: { labelSelector: { x: 'y' } } })
    assert.deepEqual(
      items.map((item) => [item.id, item.state]),
      [[podSandboxId, PodSandboxState.SANDBOX_READY]],
    )
    await client.stopPodSandbox({ podSandboxId })
    await client.removePodSandbox({ podSandboxId })
  })

  test('connects again after the runtime was restarted', async () => {
    await containerd.restart()
    assert.equal((await client.version({})).runtimeName, 'containerd')
  })
})
