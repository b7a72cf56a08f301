import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { LocalNode } from '../local-node.ts'
import { SupervisorClient } from './client.ts'
import { identityOf, isAlive } from './process-table.ts'
import type { ServiceState, ServiceStatus, SupervisorConfig } from './protocol.ts'
import { waitForSocket } from './wait-for-socket.ts'

const entry = join(import.meta.dirname, 'entry.ts')
const notifier = `require('fs').writeSync(Number(process.env.NOTIFY_FD), 'ready\\n'); process.stdin.resume(); setInterval(() => {}, 1e9)`
const listener = `require('fs').rmSync(process.argv[1], {force: true}); require('net').createServer((s) => s.on('error', () => {})).listen(process.argv[1])`

describe('supervisor', () => {
  const directories: string[] = []
  const children: ChildProcess[] = []
  let config: SupervisorConfig
  let client: SupervisorClient

  beforeEach(() => {
    const directory = mkdtempSync(join(tmpdir(), 'supervisor-'))
    directories.push(directory)
    const socket = join(directory, 'run', 'supervisor.sock')
    config = {
      profile: 'test',
      build: 'test',
      runDir: join(directory, 'run'),
      logDir: join(directory, 'logs'),
      socket,
      sysctls: {},
      commands: [],
      maxLogBytes: 1e6,
      services: [
        {
          name: 'second',
          argv: [process.execPath, '-e', notifier],
          ready: { notify: true },
          after: ['first'],
        },
        {
          name: 'first',
          argv: [process.execPath, '-e', listener, join(directory, 'run', 'first.sock')],
          ready: { socket: join(directory, 'run', 'first.sock') },
        },
      ],
    }
    client = new SupervisorClient(new LocalNode('test'), socket)
  })

  after(() => {
    for (const child of children) child.kill('SIGKILL')
    for (const directory of directories) rmSync(directory, { recursive: true, force: true })
  })

  async function launch(): Promise<ChildProcess> {
    const file = join(config.runDir, '..', 'config.json')
    writeFileSync(file, JSON.stringify(config))
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', entry, '--config', file],
      {
        stdio: ['ignore', 'inherit', 'ignore'],
        detached: true,
      },
    )
    children.push(child)
    ;(await waitForSocket(config.socket, AbortSignal.timeout(10_000))).destroy()
    return child
  }

  /** Follows events until `done` says so; all that was seen. */
  async function follow(done: (latest: Map<string, ServiceStatus>) => boolean): Promise<ServiceStatus[]> {
    const latest = new Map<string, ServiceStatus>()
    const seen: ServiceStatus[] = []
    for await (const status of client.events(AbortSignal.timeout(20_000))) {
      latest.set(status.name, status)
      seen.push(status)
      if (done(latest)) return seen
    }
    return seen
  }
  const allIn = (state: ServiceState) => (latest: Map<string, ServiceStatus>) =>
    latest.size === 2 && [...latest.values()].every((status) => status.state === state)

  test('starts in order, restarts what dies, stops in reverse', async () => {
    await launch()
    const seen = await follow(allIn('ready'))
    const firstReady = seen.findIndex(({ name, state }) => name === 'first' && state === 'ready')
    const secondStarts = seen.findIndex(({ name, state }) => name === 'second' && state !== 'waiting')
    assert.ok(firstReady < secondStarts || (firstReady >= 0 && secondStarts < 0))

    const before = seen.findLast(({ name }) => name === 'second')!.pid!
    process.kill(before, 'SIGKILL')
    const again = await follow(
      (latest) => latest.get('second')?.state === 'ready' && latest.get('second')?.restarts === 1,
    )
    assert.notEqual(again.findLast(({ name }) => name === 'second')!.pid, before)

    const pids = (await client.status())!.services.map(({ pid }) => pid!)
    await client.stop()
    assert.equal(await client.status(), undefined)
    for (const pid of pids) assert.equal(identityOf(pid), undefined)
  })

  test('killed with -9 harms nobody; the next one adopts and sees deaths', async () => {
    const child = await launch()
    await follow(allIn('ready'))
    const before = new Map((await client.status())!.services.map(({ name, pid }) => [name, pid!]))
    process.kill(child.pid!, 'SIGKILL')
    await once(child, 'exit')
    for (const pid of before.values()) assert.ok(isAlive(identityOf(pid)!))

    await launch()
    await follow(allIn('ready'))
    const adopted = new Map((await client.status())!.services.map(({ name, pid }) => [name, pid!]))
    assert.deepEqual([...adopted].sort(), [...before].sort())

    for (const pid of adopted.values()) process.kill(pid, 'SIGKILL')
    await follow((latest) =>
      ['first', 'second'].every(
        (name) => latest.get(name)?.state === 'ready' && latest.get(name)?.restarts === 1,
      ),
    )
    await client.stop()
  })

  test('leaves everything running when asked to', async () => {
    await launch()
    await follow(allIn('ready'))
    const before = (await client.status())!.services.map(({ pid }) => pid!)
    await client.leave()
    assert.equal(await client.status(), undefined)
    await launch()
    assert.deepEqual(
      (await client.status())!.services.map(({ pid }) => pid!),
      before,
    )
    await client.stop()
  })

  test('applies a new configuration to what it concerns only', async () => {
    await launch()
    await follow(allIn('ready'))
    const before = new Map((await client.status())!.services.map(({ name, pid }) => [name, pid!]))
    const [second, first] = config.services
    await client.apply({
      ...config,
      services: [
        first!,
        { ...second!, env: { CHANGED: '1' } },
        { name: 'third', argv: ['sleep', '1000'], ready: 'started' },
      ],
    })
    await follow(
      (latest) => latest.size === 3 && [...latest.values()].every(({ state }) => state === 'ready'),
    )
    const now = new Map((await client.status())!.services.map(({ name, pid }) => [name, pid!]))
    assert.equal(now.get('first'), before.get('first'))
    assert.notEqual(now.get('second'), before.get('second'))
    assert.match(readFileSync(`/proc/${now.get('second')}/environ`, 'latin1'), /CHANGED=1/)
    await client.apply(config)
    assert.deepEqual((await client.status())!.services.map(({ name }) => name).sort(), ['first', 'second'])
    assert.equal(identityOf(now.get('third')!), undefined)
    await client.stop()
  })

  test('pauses and goes on', async () => {
    await launch()
    await follow(allIn('ready'))
    await client.pause(['second'])
    const paused = (await client.status())!.services.find(({ name }) => name === 'second')!
    assert.equal(paused.state, 'paused')
    assert.match(readFileSync(`/proc/${paused.pid}/stat`, 'utf8'), /\) T /)
    await client.unpause(['second'])
    assert.equal((await client.status())!.services.find(({ name }) => name === 'second')!.state, 'ready')
    await client.stop()
  })

  test('a program that is missing is reported, and the rest runs', async () => {
    config.services.push({ name: 'missing', argv: ['/does/not/exist'], ready: 'started' })
    await launch()
    const seen = await follow(
      (latest) => latest.get('missing')?.state === 'backoff' && latest.get('second')?.state === 'ready',
    )
    assert.match(seen.findLast(({ name }) => name === 'missing')!.message!, /ENOENT/)
    await client.stop()
  })
})
