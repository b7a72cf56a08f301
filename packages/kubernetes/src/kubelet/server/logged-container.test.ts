import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerState, PodStatus } from '../../api/types/core-v1.ts'
import { logRequestOf } from './log-options.ts'
import { loggedContainer } from './logged-container.ts'

function status(state: ContainerState, lastId?: string): PodStatus {
  const lastState = lastId === undefined ? {} : { terminated: { exitCode: 1, containerID: lastId } }
  const rest = { image: '', imageID: '', ready: false, restartCount: 0 }
  return { initContainerStatuses: [{ name: 'c', containerID: 'r://now', state, lastState, ...rest }] }
}

const of = (made: PodStatus, isPrevious = false): string => loggedContainer('p', made, 'c', isPrevious)

test('the log is that of the present run, else of the last one', () => {
  assert.equal(of(status({ running: {} })), 'r://now')
  assert.equal(of(status({ terminated: { exitCode: 0, containerID: 'r://ended' } })), 'r://ended')
  assert.equal(of(status({ terminated: { exitCode: 0 } }, 'r://before')), 'r://before')
  assert.equal(of(status({ waiting: { reason: 'CrashLoopBackOff' } }, 'r://before')), 'r://before')
  assert.equal(of(status({ running: {} }, 'r://before'), true), 'r://before')
})

test('why there is no log', () => {
  const refused = (made: PodStatus, isPrevious: boolean, why: string): void => {
    assert.throws(() => of(made, isPrevious), { code: 400, message: why })
  }
  const which = 'container "c" in pod "p"'
  refused({}, false, `${which} is not available`)
  refused(status({ running: {} }), true, `previous terminated ${which} not found`)
  refused(status({ terminated: { exitCode: 0 } }), false, `${which} is terminated`)
  refused(
    status({ waiting: { reason: 'ErrImagePull' } }),
    false,
    `${which} is waiting to start: image can't be pulled`,
  )
  refused(
    status({ waiting: { reason: 'ImagePullBackOff' } }),
    false,
    `${which} is waiting to start: trying and failing to pull image`,
  )
  refused(
    status({ waiting: { reason: 'ContainerCreating' } }),
    false,
    `${which} is waiting to start: ContainerCreating`,
  )
  refused(status({}), false, `${which} is waiting to start - no logs yet`)
})

test('what may be asked of a log', () => {
  const parse = (query: string) => logRequestOf(new URLSearchParams(query), 100_000)
  assert.deepEqual(parse(''), { follow: false, previous: false, timestamps: false, stream: 'All' })
  assert.deepEqual(parse('follow=true&tailLines=3&sinceSeconds=40&limitBytes=7&stream=Stderr'), {
    follow: true,
    previous: false,
    timestamps: false,
    stream: 'Stderr',
    tailLines: 3,
    limitBytes: 7,
    since: 60_000,
  })
  assert.equal(parse('sinceTime=1970-01-01T00:00:05Z').since, 5000)
  assert.equal(parse('tail=all&tailLines=3').tailLines, undefined)
  for (const wrong of [
    'tailLines=-1',
    'limitBytes=0',
    'stream=Both',
    'sinceSeconds=1&sinceTime=1970-01-01T00:00:05Z',
  ]) {
    assert.throws(() => parse(wrong), { code: 422 }, wrong)
  }
  for (const wrong of ['tailLines=many', 'sinceTime=yesterday']) {
    assert.throws(() => parse(wrong), { code: 400 }, wrong)
  }
})
