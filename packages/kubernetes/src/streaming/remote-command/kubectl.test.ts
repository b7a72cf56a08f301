import assert from 'node:assert/strict'
import { type ExecFileException, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type CommandServer, startCommandServer } from '../testing/command-server.ts'

const kubectl = '/usr/bin/kubectl'
const skip = existsSync(kubectl) ? false : 'needs kubectl'
// kubectl caches what it discovers.
const home = mkdtempSync(join(tmpdir(), 'kubectl-test-'))
let server: CommandServer

before(async () => {
  server = await startCommandServer()
})
after(async () => {
  await server.close()
  rmSync(home, { recursive: true })
})

/** kubectl talks WebSocket by itself, and SPDY when told to. */
const protocols = { WebSocket: 'true', SPDY: 'false' }

function environment(webSockets: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: home,
    KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets,
    KUBECTL_PORT_FORWARD_WEBSOCKETS: webSockets,
  }
}

function run(webSockets: string, args: string[], input?: string | Buffer) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      kubectl,
      ['--server', server.url, ...args],
      { env: environment(webSockets), encoding: 'utf8', maxBuffer: 1 << 28, timeout: 60_000 },
      (error: ExecFileException | null, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    )
    child.stdin?.end(input)
  })
}

for (const [name, webSockets] of Object.entries(protocols)) {
  test(`${name}: output, errors and the exit code`, { skip }, async () => {
    const result = await run(webSockets, ['exec', 'p', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'])
    assert.equal(result.stdout, 'out\n')
    assert.match(result.stderr, /err\n.*command terminated with exit code 7/s)
    assert.equal(result.code, 7)
    const upgrade = server.upgrades.at(-1)
    assert.equal(upgrade, name === 'SPDY' ? 'SPDY/3.1' : 'websocket')
  })

  test(`${name}: stdin ends where it ends`, { skip }, async () => {
    const result = await run(webSockets, ['exec', '-i', 'p', '--', 'cat'], 'some\ntext')
    assert.deepEqual([result.code, result.stdout], [0, 'some\ntext'])
  })

  test(`${name}: a command that cannot run`, { skip }, async () => {
    const result = await run(webSockets, ['exec', 'p', '--', '/no/such/program'])
    assert.match(result.stderr, /ENOENT/)
    assert.notEqual(result.code, 0)
  })

  test(`${name}: sixty megabytes in and out again`, { skip }, async () => {
    const input = Buffer.alloc(60 << 20)
    for (let at = 0; at < input.length; at += 4) input.writeUInt32LE(at, at)
    const result = await run(webSockets, ['exec', '-i', 'p', '--', 'sha256sum'], input)
    assert.equal(result.stdout.split(' ')[0], createHash('sha256').update(input).digest('hex'))
    const out = await run(webSockets, ['exec', 'p', '--', 'head', '-c', String(60 << 20), '/dev/zero'])
    assert.equal(out.stdout.length, 60 << 20)
  })

  test(`${name}: a client that vanishes is noticed`, { skip }, async () => {
    const sessions = server.gone.length
    const args = ['--server', server.url, 'exec', '-i', 'p', '--', 'sh', '-c', 'echo up; exec sleep 1000']
    const child = spawn(kubectl, args, { env: environment(webSockets) })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await server.gone[sessions]
  })

  test(`${name}: port-forward carries connections`, { skip }, async () => {
    const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
    await once(echo, 'listening')
    const { port } = echo.address() as { port: number }
    const child = spawn(kubectl, ['--server', server.url, 'port-forward', 'pod/p', `:${port}`], {
      env: environment(webSockets),
    })
    let text = ''
    child.stderr.on('data', (data: Buffer) => process.stderr.write(data))
    while (!/127.0.0.1:(\d+)/.test(text)) text += (await once(child.stdout, 'data'))[0]
    const local = Number(/127.0.0.1:(\d+)/.exec(text)?.[1])
    const { connect } = await import('node:net')
    const talk = async (message: string): Promise<string> => {
      const socket = connect({ port: local, host: '127.0.0.1', allowHalfOpen: true })
      socket.write(message)
      let answer = ''
      while (answer.length < message.length) answer += (await once(socket, 'data'))[0]
      socket.destroy()
      return answer
    }
    const messages = ['one', 'two'.repeat(100_000), 'three']
    assert.deepEqual(await Promise.all(messages.map(talk)), messages)
    child.kill()
    await once(child, 'exit')
    echo.close()
  })
}
