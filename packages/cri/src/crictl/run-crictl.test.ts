import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  busyboxImage,
  startTestContainerd,
  type TestContainerd,
  whyNoContainerd,
} from '../testing/containerd.ts'
import { age, size } from './output.ts'
import { runCrictl } from './run-crictl.ts'

test('ages and sizes read as people write them', () => {
  const now = 1e12
  const ago = (seconds: number) => age((now - seconds * 1000) * 1e6, now)
  assert.deepEqual([0, 1, 59, 61, 300, 3600, 7200, 90_000 * 2].map(ago), [
    'Less than a second ago',
    '1 second ago',
    '59 seconds ago',
    'About a minute ago',
    '5 minutes ago',
    'About an hour ago',
    '2 hours ago',
    '2 days ago',
  ])
  assert.deepEqual([0, 999, 2_017_953, 1e9].map(size), ['0B', '999B', '2.02MB', '1GB'])
})

describe('against containerd', { skip: whyNoContainerd() ?? false }, () => {
  let containerd: TestContainerd
  before(async () => {
    containerd = await startTestContainerd(
      mkdtempSync(join(tmpdir(), 'crictl-test-')),
      `215.${process.pid % 250}`,
    )
  })
  after(() => containerd.remove())

  async function crictl(...args: string[]): Promise<{ code: number; out: string; error: string }> {
    let out = ''
    let error = ''
    const code = await runCrictl({
      args,
      write: (text) => {
        out += text
      },
      writeError: (text) => {
        error += text
      },
      defaultSocket: containerd.socket,
      env: {},
      signal: new AbortController().signal,
    })
    return { code, out, error }
  }

  test('a pod and a container from configuration files to their removal', async () => {
    const file = (name: string, content: object): string => {
      const path = join(containerd.directory, name)
      writeFileSync(path, JSON.stringify(content))
      return path
    }
    const pod = file('pod.json', {
      metadata: { name: 'p', namespace: 'n', uid: 'u', attempt: 1 },
      log_directory: join(containerd.directory, 'logs'),
      labels: { 'io.kubernetes.pod.name': 'p', 'io.kubernetes.pod.namespace': 'n', some_label: 'x' },
    })
    const config = file('container.json', {
      metadata: { name: 'c' },
      image: { image: busyboxImage },
      command: ['sh', '-c', 'echo out; echo err >&2; trap "exit 0" TERM; while true; do sleep 0.1; done'],
      log_path: 'c.log',
      labels: { 'io.kubernetes.pod.name': 'p', 'io.kubernetes.pod.namespace': 'n' },
    })
    const podId = (await crictl('runp', pod)).out.trim()
    const id = (await crictl('create', podId, config, pod)).out.trim()
    assert.equal((await crictl('ps', '-q')).out, '')
    assert.equal((await crictl('start', id)).out, `${id}\n`)
    const [header, row] = (await crictl('ps')).out.split('\n')
    assert.match(header!, /^CONTAINER +IMAGE +CREATED +STATE +NAME +ATTEMPT +POD ID +POD +NAMESPACE$/)
    assert.match(
      row!,
      new RegExp(`^${id.slice(0, 13)} +\\S+ +.* +Running +c +0 +${podId.slice(0, 13)} +p +n$`),
    )
    assert.equal((await crictl('ps', '-q', '--namespace', '^other$')).out, '')
    assert.equal((await crictl('ps', '-q', '--namespace', '^n$')).out, `${id}\n`)
    const listed = JSON.parse((await crictl('ps', '-o', 'json')).out) as { containers: { state: string }[] }
    assert.deepEqual(
      listed.containers.map(({ state }) => state),
      ['CONTAINER_RUNNING'],
    )
    assert.match((await crictl('exec', '-it', id, 'sh')).error, /kubectl exec -it/)
    assert.match(
      (await crictl('pods', '--label', 'some_label=x')).out,
      new RegExp(`\n${podId.slice(0, 13)} .* Ready +p +n +1 +\\(default\\)`),
    )
    const { status } = JSON.parse((await crictl('inspect', id)).out) as { status: { state: string } }
    assert.equal(status.state, 'CONTAINER_RUNNING')
    assert.deepEqual(await crictl('exec', '-s', id, 'sh', '-c', 'echo -n hi; exit 3'), {
      code: 3,
      out: 'hi',
      error: '',
    })
    const logs = await crictl('logs', id)
    assert.deepEqual([logs.out, logs.error], ['out\n', 'err\n'])
    assert.equal((await crictl('logs', '--tail', '0', id)).out, '')
    assert.match((await crictl('stats', id)).out, new RegExp(`\n${id.slice(0, 13)} +c +\\d`))
    assert.equal((await crictl('stop', id)).code, 0)
    assert.equal((await crictl('rm', id)).code, 0)
    assert.equal((await crictl('rmp', '-f', podId)).code, 0)
    assert.equal((await crictl('pods', '-q')).out, '')
  })

  test('images, the runtime, and what is wrong', async () => {
    assert.match(
      (await crictl('images')).out,
      /^IMAGE +TAG +IMAGE ID +SIZE\n[\s\S]*registry\.test\/busybox +1 +\w{13} +\S+B\n/,
    )
    assert.match((await crictl('version')).out, /^RuntimeName: {2}containerd$/m)
    assert.match((await crictl('info')).out, /"RuntimeReady"/)
    const missing = await crictl('inspect', 'nope')
    assert.deepEqual([missing.code, missing.out], [1, ''])
    assert.match(missing.error, /rpc error: code = NotFound/)
    assert.equal((await crictl('inspecti', 'nope')).code, 1)
    assert.equal((await crictl('nonsense')).error, "No help topic for 'nonsense'\n")
    assert.match((await crictl('ps', '--state', 'odd')).error, /--state should be one of/)
    assert.equal((await crictl('ps', '--bogus')).code, 1)
    assert.match((await crictl('ps', '--help')).out, /usage: crictl ps [\s\S]*\n {2}--quiet, -q\n/)
    assert.match((await crictl('help')).out, /inspectp +Show the status of a pod/)
  })
})
