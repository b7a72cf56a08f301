import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { connectCri } from '@minikube-ts/cri/connect.ts'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { type DockerCri, openDockerCri } from '@minikube-ts/cri/docker/docker-cri.ts'
import type { GrpcServer } from '@minikube-ts/cri/grpc/server.ts'
import { serveCri } from '@minikube-ts/cri/serve.ts'
import { startTestDockerd, type TestDockerd, whyNoDockerd } from '@minikube-ts/cri/testing/dockerd.ts'
import { removeSandboxes } from '@minikube-ts/cri/testing/remove-sandboxes.ts'
import { busyboxImage, pauseImage } from '@minikube-ts/cri/testing/test-images.ts'
import { execStream } from '../remote-command/exec-stream.ts'
import { StreamingServer } from './streaming-server.ts'

describe('streams of containers of a Docker engine', { skip: whyNoDockerd() ?? false }, () => {
  let dockerd: TestDockerd
  let service: DockerCri
  let streaming: StreamingServer
  let server: GrpcServer
  let client: CriClient
  let socket: string
  let podSandboxId: string
  let containerId: string

  before(async () => {
    dockerd = await startTestDockerd(
      mkdtempSync(join(tmpdir(), 'stream-docker-')),
      `216.${process.pid % 250}`,
    )
    socket = join(dockerd.directory, 'cri.sock')
    service = await openDockerCri({
      engineSocket: dockerd.socket,
      cni: dockerd.cni,
      sandboxImage: pauseImage,
      onLogError: (id, error) => assert.fail(`log of ${id}: ${error}`),
    })
    streaming = await StreamingServer.listen(service.streams)
    server = await serveCri(socket, { ...service.handlers, ...streaming.handlers() })
    client = connectCri(socket)
    const sandboxConfig = { metadata: { name: 'p', namespace: 'default', uid: 'u' } }
    podSandboxId = (await client.runPodSandbox({ config: sandboxConfig })).podSandboxId
    const config = {
      metadata: { name: 'c' },
      image: { image: busyboxImage },
      command: [
        'sh',
        '-c',
        'mkdir /www; echo served > /www/index.html; httpd -p 127.0.0.1:8080 -h /www; exec cat',
      ],
      stdin: true,
    }
    containerId = (await client.createContainer({ podSandboxId, sandboxConfig, config })).containerId
    await client.startContainer({ containerId })
  })
  after(async () => {
    await removeSandboxes(socket)
    client.close()
    await server.close()
    await streaming.close()
    await service.close()
    await dockerd.remove()
  })

  const exec = async (cmd: string[], options: Partial<Parameters<typeof execStream>[1]> = {}) => {
    const { url } = await client.exec({
      containerId,
      cmd,
      tty: options.tty ?? false,
      stdin: options.stdin !== undefined,
      stdout: options.stdout !== undefined,
      stderr: options.stderr !== undefined && !options.tty,
    })
    return { url, ...(await execStream({ url: new URL(url) }, options)) }
  }

  test('exec: both outputs and the exit code, by a URL that is good once', async () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const { url, exitCode } = await exec(['sh', '-c', 'echo out; echo err >&2; exit 42'], { stdout, stderr })
    assert.deepEqual([exitCode, await text(stdout.end()), await text(stderr.end())], [42, 'out\n', 'err\n'])
    await assert.rejects(execStream({ url: new URL(url) }, { stdout }), { code: 404 })
  })

  test('exec: what goes in comes out, ten megabytes, and its end ends the command', async () => {
    const input = Buffer.alloc(10 << 20)
    for (let at = 0; at < input.length; at += 4) input.writeUInt32LE(at * 7, at)
    const stdout = new PassThrough()
    const output = buffer(stdout)
    await exec(['cat'], { stdin: Readable.from([input]), stdout })
    stdout.end()
    const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex')
    assert.equal(digest(await output), digest(input))
  })

  test('exec: a terminal learns of its sizes', async () => {
    const changed = Promise.withResolvers<void>()
    async function* resize() {
      yield { width: 101, height: 41 }
      await changed.promise
      yield { width: 90, height: 30 }
    }
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (chunk.includes('ready')) changed.resolve()
        done()
      },
    })
    const script = 'trap "exit 9" WINCH; echo ready; while :; do read x; done'
    const { exitCode } = await exec(['sh', '-c', script], {
      stdin: new PassThrough(),
      stdout,
      tty: true,
      resize: resize(),
    })
    assert.equal(exitCode, 9)
  })

  test('attach: what goes in comes out', async () => {
    const { url } = await client.attach({ containerId, stdin: true, stdout: true })
    const stdin = new PassThrough()
    const abort = new AbortController()
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (chunk.includes('hello')) abort.abort(new Error('seen'))
        done()
      },
    })
    const attached = execStream({ url: new URL(url) }, { stdin, stdout, signal: abort.signal })
    stdin.write('hello\n')
    await assert.rejects(attached, { message: 'seen' })
  })

  test('a port that only the pod itself can reach', async () => {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    const accepted = Promise.withResolvers<Socket>()
    listener.on('connection', (connection) => accepted.resolve(connection))
    const own = connect(port, '127.0.0.1')
    own.write('GET / HTTP/1.0\r\n\r\n')
    const answer = text(own)
    await service.streams.forward(podSandboxId, 8080, await accepted.promise)
    assert.match(await answer, /served/)
    listener.close()
  })

  test('a port that nobody listens on', async () => {
    await assert.rejects(
      service.streams.forward(podSandboxId, 81, new PassThrough()),
      /port 81.*ECONNREFUSED/s,
    )
  })
})
