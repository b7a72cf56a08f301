import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { MinikubeError } from '../../error.ts'
import { Home } from '../../home.ts'
import { silentProgress, type Work } from '../../progress.ts'
import { LocalNode } from '../local-node.ts'
import type { Change } from './change.ts'
import { fileChange } from './files.ts'
import { Ledger } from './ledger.ts'
import { mountsBelow, unmountBelow } from './mounts.ts'
import { readSysctl } from './sysctl.ts'

const root = process.getuid?.() === 0
const node = new LocalNode('localhost')
const work: Work = { signal: new AbortController().signal, progress: silentProgress }
let directory: string
let home: Home

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ledger-'))
  home = await Home.resolve({ MINIKUBE_HOME: directory })
})
afterEach(() => rm(directory, { recursive: true }))

const open = (profile = 'one') => Ledger.open(home, profile)
const undo = async (ledger: Ledger, neighbours: Ledger[] = []) =>
  ledger.undo(node, neighbours, () => undefined)

test('is on disk before the change is made, and knows it afterwards', async () => {
  const path = join(directory, 'tree')
  const ledger = await open()
  await writeFile(join(directory, 'file'), '')
  const impossible: Change = { kind: 'directory', path: join(directory, 'file', 'below') }
  await assert.rejects(ledger.make([{ kind: 'directory', path }, impossible], node, work))
  const again = await open()
  assert.deepEqual(
    again.standing().map(({ change, state }) => [change, state]),
    [
      [{ kind: 'directory', path }, 'planned'],
      [impossible, 'planned'],
    ],
  )
  await undo(again)
  assert.ok(!existsSync(path))
  assert.deepEqual((await open()).standing(), [])
})

test('making the same again adds nothing', async () => {
  const changes: Change[] = [{ kind: 'directory', path: join(directory, 'tree') }]
  await (await open()).make(changes, node, work)
  const size = (await readFile((await open()).path)).length
  await (await open()).make(changes, node, work)
  assert.equal((await readFile((await open()).path)).length, size)
})

test('undoes in reverse: what is inside goes before what is outside', async () => {
  const outer = join(directory, 'outer')
  const inner = join(outer, 'inner')
  const ledger = await open()
  await ledger.make(
    [
      { kind: 'shared-directory', path: outer, previous: null },
      { kind: 'directory', path: inner },
    ],
    node,
    work,
  )
  await writeFile(join(inner, 'file'), 'x')
  assert.deepEqual(await undo(ledger), [])
  assert.ok(!existsSync(outer))
})

test('a disk that somebody mounted at a directory of ours stays mounted, and is emptied', {
  skip: !root,
}, async () => {
  const path = join(directory, 'disk')
  await mkdir(path)
  await node.run(['mount', '-t', 'tmpfs', 'tmpfs', path])
  const ledger = await open()
  await ledger.make([{ kind: 'directory', path }], node, work)
  await writeFile(join(path, 'data'), 'x')
  await mkdir(join(path, 'inner'))
  await node.run(['mount', '-t', 'tmpfs', 'tmpfs', join(path, 'inner')])
  try {
    const [stayed] = await undo(ledger)
    assert.match(stayed!.why!, /mounted/)
    assert.deepEqual([await mountsBelow(path), await readdir(path)], [[path], []])
  } finally {
    await unmountBelow(path)
  }
})

test('a shared directory that others use stays, with why', async () => {
  const path = join(directory, 'shared')
  const ledger = await open()
  await ledger.make([{ kind: 'shared-directory', path, previous: null }], node, work)
  await writeFile(join(path, 'theirs'), 'x')
  const [stayed] = await undo(ledger)
  assert.match(stayed!.why!, /not ours/)
  assert.equal((await open()).entries()[0]!.state, 'kept')
})

test('a file comes back as it was, unless somebody changed it', async () => {
  const [replaced, fresh, changed] = ['replaced', 'fresh', 'changed'].map((name) =>
    join(directory, name),
  ) as [string, string, string]
  await writeFile(replaced, 'theirs', { mode: 0o640 })
  const ledger = await open()
  const paths = [replaced, fresh, changed]
  await ledger.make(await Promise.all(paths.map((path) => fileChange(path, 'ours'))), node, work)
  await node.writeFiles(paths.map((path) => ({ path, content: 'ours' })))
  // A later version of our file does not count as what was there before.
  await ledger.make([await fileChange(replaced, 'ours, newer')], node, work)
  await node.writeFiles([{ path: replaced, content: 'ours, newer' }])
  await writeFile(changed, 'edited')
  const stayed = await undo(ledger)
  assert.equal(await readFile(replaced, 'utf8'), 'theirs')
  assert.ok(!existsSync(fresh))
  assert.equal(await readFile(changed, 'utf8'), 'edited')
  assert.deepEqual(
    stayed.map(({ change }) => (change as { path: string }).path),
    [changed],
  )
})

test('what another profile uses is handed over, and undone with that one', async () => {
  const path = join(directory, 'shared')
  const one = await open('one')
  await one.make([{ kind: 'shared-directory', path, previous: null }], node, work)
  const two = await open('two')
  await two.make([{ kind: 'shared-directory', path, previous: 'present' }], node, work)
  assert.deepEqual(await undo(one, [await open('two')]), [])
  assert.ok(existsSync(path))
  assert.equal((await open('one')).entries()[0]!.state, 'handed-over')
  assert.deepEqual(await undo(await open('two')), [])
  assert.ok(!existsSync(path))
})

test('who came later takes nothing from whoever made it first', async () => {
  const path = join(directory, 'first')
  const one = await open('one')
  await one.make([{ kind: 'shared-directory', path, previous: null }], node, work)
  // Entries are told apart by their time, in milliseconds.
  for (const made = Date.now(); Date.now() === made; );
  const two = await open('two')
  await two.make([{ kind: 'shared-directory', path, previous: 'present' }], node, work)
  await undo(two, [await open('one')])
  assert.deepEqual(await undo(await open('one')), [])
  assert.ok(!existsSync(path))
})

test('a torn last line is no trouble, a damaged one is told', async () => {
  const ledger = await open()
  await ledger.make([{ kind: 'directory', path: join(directory, 'tree') }], node, work)
  await appendFile(ledger.path, '{"id":2,"at"')
  const again = await open()
  assert.equal(again.standing().length, 1)
  await again.make([{ kind: 'directory', path: join(directory, 'other') }], node, work)
  assert.equal((await open()).standing().length, 2, 'what is written behind a torn line is not lost')
  await appendFile(ledger.path, '{"id":2,"at"\n{"id":3,"at":"","state":"made"}\n')
  await assert.rejects(open, (error) => error instanceof MinikubeError && error.reason === 'HOST_CONFIG_LOAD')
})

test('processes are found by what they were started with, and ended', async () => {
  const marker = join(directory, 'marker')
  const child = spawn('sh', ['-c', 'while :; do sleep 1000; done', marker], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const ledger = await open()
  await ledger.make([{ kind: 'processes', what: 'a test', marker }], node, work)
  assert.deepEqual(await undo(ledger), [])
  await ended
})

describe('the machine itself', { skip: root ? false : 'needs root' }, () => {
  test('a mount below a directory goes with it', async () => {
    const path = join(directory, 'tree')
    const ledger = await open()
    await ledger.make([{ kind: 'directory', path }], node, work)
    const point = join(path, 'with blank', 'mount')
    await mkdir(point, { recursive: true })
    await node.run(['mount', '-t', 'tmpfs', 'ledger', point])
    assert.deepEqual(await undo(ledger), [])
    assert.ok(!(await readFile('/proc/self/mounts', 'utf8')).includes(directory))
  })

  test('a kernel setting, an interface with its ports, a table, a cgroup with processes', async (context) => {
    const key = 'net/ipv4/tcp_fin_timeout'
    const previous = (await readSysctl(key))!
    const [name, table, group] = ['mk-ledgertest', 'minikube-ledgertest', '/minikube-ledgertest/one/inner']
    const changes: Change[] = [
      { kind: 'sysctl', key, value: String(Number(previous) + 1), previous },
      { kind: 'cgroup', path: '/minikube-ledgertest/one' },
      { kind: 'nft-table', family: 'ip', name: table },
      { kind: 'interface', name },
    ]
    const ledger = await open()
    context.after(async () => void (await undo(await open())))
    await ledger.make(changes, node, work)
    assert.equal(await readSysctl(key), String(Number(previous) + 1))
    await node.run(['ip', 'link', 'add', name, 'type', 'bridge'])
    await node.run(['ip', 'link', 'add', 'mk-ledgerport', 'type', 'veth', 'peer', 'name', 'mk-ledgerpeer'])
    await node.run(['ip', 'link', 'set', 'mk-ledgerport', 'master', name])
    await node.run(['nft', 'add', 'table', 'ip', table])
    const { hierarchies } = await import('./cgroup.ts')
    const [hierarchy] = (await hierarchies()).filter((path) => /pids|cgroup$/.test(path))
    await mkdir(join(hierarchy!, group), { recursive: true })
    const child = spawn('sleep', ['1000'])
    const ended = once(child, 'exit')
    await writeFile(join(hierarchy!, group, 'cgroup.procs'), String(child.pid))
    assert.deepEqual(await undo(ledger), [])
    await ended
    assert.equal(await readSysctl(key), previous)
    assert.ok(!existsSync(`/sys/class/net/${name}`) && !existsSync('/sys/class/net/mk-ledgerport'))
    assert.ok(!(await node.run(['nft', 'list', 'tables'])).stdout.includes(table))
    assert.ok(!existsSync(join(hierarchy!, '/minikube-ledgertest')))
    // Again, with nothing there any more.
    await ledger.make(changes.slice(1), node, work)
    assert.deepEqual(await undo(ledger), [])
  })
})
