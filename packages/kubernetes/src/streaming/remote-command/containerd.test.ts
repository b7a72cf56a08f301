import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, PassThrough, Readable, Writable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { connectCri } from '@minikube-ts/cri/connect.ts'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import {
  busyboxImage,
  startTestContainerd,
  type TestContainerd,
  whyNoContainerd,
} from '@minikube-ts/cri/testing/containerd.ts'
import { podDocuments } from '../testing/pod-documents.ts'
import { upgradeProxy } from '../upgrade/upgrade-proxy.ts'
import { isTunnel, tunnelWebSocket } from '../websocket/tunnel-web-socket.ts'
import { execStream } from './exec-stream.ts'
import { streamsOf } from './protocol.ts'
import { needsTranslation, translateRemoteCommand } from './translate-remote-command.ts'

function collector(): { stream: Writable; text(): string; bytes(): Buffer } {
  const parts: Buffer[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      parts.push(chunk)
      done()
    },
  })
  return { stream, text: () => Buffer.concat(parts).toString(), bytes: () => Buffer.concat(parts) }
}

describe('against containerd', { skip: whyNoContainerd() ?? false }, () => {
  let containerd: TestContainerd
  let client: CriClient
  let podSandboxId: string
  let containerId: string

  before(async () => {
    containerd = await startTestContainerd(
      mkdtempSync(join(tmpdir(), 'stream-test-')),
      `214.${process.pid % 250}`,
    )
    client = connectCri(containerd.socket)
    const config = {
      metadata: { name: 'p', namespace: 'default', uid: 'u' },
      logDirectory: join(containerd.directory, 'logs'),
    }
    podSandboxId = (await client.runPodSandbox({ config })).podSandboxId
    containerId = (
      await client.createContainer({
        podSandboxId,
        sandboxConfig: config,
        config: {
          metadata: { name: 'c' },
          image: { image: busyboxImage },
          // Serves something for port-forward, and echoes what it is attached to.
          command: ['sh', '-c', 'mkdir /www; echo served > /www/index.html; httpd -p 8080 -h /www; exec cat'],
          logPath: 'c.log',
          stdin: true,
        },
      })
    ).containerId
    await client.startContainer({ containerId })
  })
  after(async () => {
    client.close()
    await containerd.remove()
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
    return execStream({ url: new URL(url) }, options)
  }

  test('exit codes and both outputs', async () => {
    const [stdout, stderr] = [collector(), collector()]
    const result = await exec(['sh', '-c', 'echo out; echo err >&2; exit 42'], {
      stdout: stdout.stream,
      stderr: stderr.stream,
    })
    assert.deepEqual([result.exitCode, stdout.text(), stderr.text()], [42, 'out\n', 'err\n'])
    assert.deepEqual(await exec(['true'], { stdout: collector().stream }), { exitCode: 0 })
  })

  test('a command that is not there', async () => {
    await assert.rejects(exec(['/nope'], { stdout: collector().stream }), /nope/)
  })

  test('a used-up URL is refused with what the server says', async () => {
    const { url } = await client.exec({ containerId, cmd: ['true'], stdout: true })
    await execStream({ url: new URL(url) }, { stdout: collector().stream })
    await assert.rejects(execStream({ url: new URL(url) }, { stdout: collector().stream }), { code: 404 })
  })

  test('stdin ends the command, and thirty megabytes come back as they went', async () => {
    const input = Buffer.alloc(30 << 20)
    for (let at = 0; at < input.length; at += 4) input.writeUInt32LE(at * 7, at)
    const stdout = collector()
    await exec(['cat'], { stdin: Readable.from([input]), stdout: stdout.stream })
    const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex')
    assert.equal(digest(stdout.bytes()), digest(input))
  })

  test('a terminal has the size that we say, and learns of changes', async () => {
    const stdout = collector()
    const changed = Promise.withResolvers<void>()
    async function* sizes() {
      yield { width: 101, height: 41 }
      await changed.promise
      yield { width: 90, height: 30 }
    }
    const stdin = new PassThrough()
    const waiting = new Writable({
      write(chunk: Buffer, _encoding, done) {
        stdout.stream.write(chunk)
        if (stdout.text().includes('ready')) changed.resolve()
        done()
      },
    })
    const script = 'trap "exit 9" WINCH; echo ready; while :; do read x; done'
    const result = await exec(['sh', '-c', script], { stdin, stdout: waiting, tty: true, resize: sizes() })
    assert.equal(result.exitCode, 9)
  })

  test('a client that is cut off ends the session at once', async () => {
    const abort = new AbortController()
    const waiting = new Writable({
      write(_chunk, _encoding, done) {
        abort.abort(new Error('enough'))
        done()
      },
    })
    const running = exec(['sh', '-c', 'echo up; sleep 1000'], { stdout: waiting, signal: abort.signal })
    await assert.rejects(running, { message: 'enough' })
  })

  test('attach: what goes in comes out', async () => {
    const { url } = await client.attach({ containerId, stdin: true, stdout: true, stderr: true })
    const stdin = new PassThrough()
    const abort = new AbortController()
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (chunk.toString().includes('hello')) abort.abort(new Error('seen'))
        done()
      },
    })
    const attached = execStream(
      { url: new URL(url) },
      { stdin, stdout, stderr: collector().stream, signal: abort.signal },
    )
    stdin.write('hello\n')
    await assert.rejects(attached, { message: 'seen' })
  })

  describe('kubectl through a proxy as an API server is one', {
    skip: existsSync('/usr/bin/kubectl') ? false : 'needs kubectl',
  }, () => {
    let base: string
    const { promise: listening, resolve } = Promise.withResolvers<void>()
    const server = createServer((request, response) => {
      const body = podDocuments[request.url?.split('?')[0] ?? '']
      response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body ?? {}))
    })
    server.on('upgrade', (request, socket, head) => void proxy(request, socket, head))
    server.listen(0, '127.0.0.1', () => resolve())

    async function proxy(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
      if (pathname.endsWith('/portforward')) {
        const { url } = await client.portForward({ podSandboxId, port: [] })
        if (isTunnel(request)) await tunnelWebSocket(request, socket, head, { url: new URL(url) })
        else await upgradeProxy(request, socket, head, { url: new URL(url) })
        return
      }
      const streams = streamsOf(searchParams)
      const { url } = await client.exec({ containerId, cmd: searchParams.getAll('command'), ...streams })
      if (needsTranslation(request)) {
        await translateRemoteCommand(request, socket, head, { url: new URL(url) }, streams)
      } else await upgradeProxy(request, socket, head, { url: new URL(url) })
    }

    before(async () => {
      await listening
      base = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    })
    after(() => {
      server.closeAllConnections()
      server.close()
    })

    const kubectl = (webSockets: string, args: string[], input?: string) => {
      const env = {
        PATH: process.env.PATH,
        HOME: containerd.directory,
        KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets,
        KUBECTL_PORT_FORWARD_WEBSOCKETS: webSockets,
      }
      const child = execFile('/usr/bin/kubectl', ['--server', base, ...args], { env, maxBuffer: 1 << 28 })
      child.stdin?.end(input)
      return child
    }
    const finish = async (child: ReturnType<typeof kubectl>) => {
      let [stdout, stderr] = ['', '']
      child.stdout?.on('data', (data: string) => {
        stdout += data
      })
      child.stderr?.on('data', (data: string) => {
        stderr += data
      })
      const [code] = await once(child, 'close')
      return { code: code as number, stdout, stderr }
    }

    for (const webSockets of ['true', 'false']) {
      const name = webSockets === 'true' ? 'WebSocket' : 'SPDY'
      test(`${name}: exec`, async () => {
        const plain = await finish(
          kubectl(webSockets, ['exec', 'p', '--', 'sh', '-c', 'echo a; echo b >&2; exit 5']),
        )
        assert.deepEqual([plain.code, plain.stdout], [5, 'a\n'])
        assert.match(plain.stderr, /^b\n/)
        const piped = await finish(
          kubectl(webSockets, ['exec', '-i', 'p', '--', 'cat'], 'x'.repeat(3_000_000)),
        )
        assert.equal(piped.stdout.length, 3_000_000)
      })

      test(`${name}: port-forward`, async () => {
        const child = kubectl(webSockets, ['port-forward', 'pod/p', ':8080'])
        let text = ''
        while (!/127.0.0.1:(\d+)/.test(text)) text += (await once(child.stdout!, 'data'))[0]
        const [, port] = /127.0.0.1:(\d+)/.exec(text) ?? []
        const pages = await Promise.all(
          [1, 2, 3].map(async () => (await fetch(`http://127.0.0.1:${port}/`)).text()),
        )
        assert.deepEqual(pages, ['served\n', 'served\n', 'served\n'])
        child.kill()
        await once(child, 'close')
      })
    }
  })

  test('a server that vanishes ends the session with an error', async () => {
    const seen = Promise.withResolvers<void>()
    const stdout = new Writable({
      write(_chunk, _encoding, done) {
        seen.resolve()
        done()
      },
    })
    const running = exec(['sh', '-c', 'echo up; sleep 1000'], { stdout })
    const ended = assert.rejects(running, { code: 'ECONNRESET' })
    await seen.promise
    await containerd.kill()
    await ended
    await containerd.restart()
  })
})
