import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connectCri } from './connect.ts'
import type { CriClient } from './cri-client.ts'
import { CriError, type GrpcCode } from './cri-error.ts'
import type { GrpcServer } from './grpc/server.ts'
import { serveCri } from './serve.ts'

const failsWith = (code: GrpcCode, message: RegExp) => (error: unknown) =>
  error instanceof CriError && error.code === code && message.test(error.message)

describe('CRI served over a unix socket', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cri-serve-'))
  const socket = join(directory, 'cri.sock')
  const left = Promise.withResolvers<string>()
  let server: GrpcServer
  let client: CriClient
  before(async () => {
    writeFileSync(socket, 'left behind')
    server = await serveCri(socket, {
      version: async ({ version }) => ({ version, runtimeName: 'test' }),
      execSync: async ({ cmd }) => ({ stdout: Buffer.alloc(20 << 20, cmd[0]), exitCode: cmd.length }),
      containerStatus: async ({ containerId }) => {
        throw new CriError('NotFound', `no “${containerId}”, 100 %`, 'ContainerStatus')
      },
      podSandboxStatus: () => Promise.reject(new Error('broken')),
      stopContainer: async (_request, signal) => {
        await once(signal, 'abort')
        left.resolve((signal.reason as CriError).code)
        return {}
      },
      async *getContainerEvents(_request, signal) {
        yield { containerId: 'a' }
        yield { containerId: 'b' }
        await once(signal, 'abort')
      },
    })
    client = connectCri(socket)
  })
  after(async () => {
    client.close()
    await server.close()
    rmSync(directory, { recursive: true })
  })

  test('answers, large ones too', async () => {
    assert.equal((await client.version({ version: 'v1' })).version, 'v1')
    const { stdout, exitCode } = await client.execSync({ cmd: ['x', 'y'] })
    assert.deepEqual([stdout.length, stdout[12_345_678], exitCode], [20 << 20, 'x'.charCodeAt(0), 2])
  })

  test('errors keep code and text', async () => {
    await assert.rejects(
      client.containerStatus({ containerId: 'ü' }),
      failsWith('NotFound', /^no “ü”, 100 %$/),
    )
    await assert.rejects(client.podSandboxStatus({}), failsWith('Unknown', /^broken$/))
    await assert.rejects(client.listImages({}), failsWith('Unimplemented', /ListImages/))
  })

  test('a stream, until the client has enough', async () => {
    const ids: string[] = []
    for await (const { containerId } of client.getContainerEvents({})) {
      ids.push(containerId)
      if (ids.length === 2) break
    }
    assert.deepEqual(ids, ['a', 'b'])
  })

  test('a client that does not wait any longer ends the work', async () => {
    await assert.rejects(client.stopContainer({}, { timeout: 30 }), failsWith('DeadlineExceeded', /deadline/))
    assert.match(await left.promise, /^(DeadlineExceeded|Canceled)$/)
  })
})
