import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { withLock } from './lock.ts'
import { silentProgress, type Work } from './progress.ts'

const work = (signal = new AbortController().signal, info: (message: string) => void = () => {}): Work => ({
  signal,
  progress: { ...silentProgress, info },
})

test('one at a time', async () => {
  const name = `test ${process.pid} one`
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 6 }, () =>
      withLock(name, 'testing', work(), async () => {
        most = Math.max(most, ++inside)
        await new Promise(setImmediate)
        inside--
      }),
    ),
  )
  assert.equal(most, 1)
})

test('is let go by an action that fails', async () => {
  const name = `test ${process.pid} fails`
  await assert.rejects(
    withLock(name, 'testing', work(), () => Promise.reject(new Error('no'))),
    /no/,
  )
  await withLock(name, 'testing', work(), async () => {})
})

test('is let go by a holder that is killed, and says that it waits', async () => {
  const name = `test ${process.pid} killed`
  const code = `const { withLock } = await import(${JSON.stringify(join(import.meta.dirname, 'lock.ts'))});
    const work = { signal: new AbortController().signal, progress: { info() {} } };
    await withLock(${JSON.stringify(name)}, 'x', work, () => { console.log('held'); process.stdin.resume(); return new Promise(() => {}) })`
  const holder = spawn(
    process.execPath,
    ['--input-type=module-typescript', '--disable-warning=ExperimentalWarning', '-e', code],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  await once(holder.stdout, 'data')
  const said = new Promise<string>((resolve) => {
    void withLock(name, 'testing', work(undefined, resolve), async () => {}).then(() => resolve('entered'))
  })
  assert.match(await said, /Another minikube is testing/)
  holder.kill('SIGKILL')
  await withLock(name, 'testing', work(), async () => {})
})

test('waiting can be interrupted', async () => {
  const name = `test ${process.pid} interrupted`
  const controller = new AbortController()
  await withLock(name, 'testing', work(), async () => {
    const waiting = withLock(
      name,
      'testing',
      work(controller.signal, () => controller.abort(new Error('enough'))),
      async () => {},
    )
    await assert.rejects(waiting, /enough/)
  })
})
