import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { silentLogger } from '../../log.ts'
import { LogRotation } from './log-rotation.ts'
import { rotateLog } from './rotate-log.ts'

const directory = mkdtempSync(join(tmpdir(), 'log-rotation-'))
after(() => rmSync(directory, { recursive: true }))

let logs = 0
function newLog(text: string): string {
  const path = join(directory, String(logs++), '0.log')
  mkdirSync(dirname(path))
  writeFileSync(path, text)
  return path
}

test('five files at most, all but the newest two compressed, nothing lost of them', async () => {
  const path = newLog('run 0')
  for (let run = 1; run <= 7; run++) {
    const reopen = async (): Promise<void> => writeFileSync(path, `run ${run}`)
    await rotateLog(path, 5, reopen, new Date(2026, 0, 2, 3, 4, run))
  }
  const names = readdirSync(dirname(path)).sort()
  assert.deepEqual(names, [
    '0.log',
    '0.log.20260102-030404.gz',
    '0.log.20260102-030405.gz',
    '0.log.20260102-030406.gz',
    '0.log.20260102-030407',
  ])
  assert.equal(readFileSync(path, 'utf8'), 'run 7')
  assert.equal(readFileSync(`${path}.20260102-030407`, 'utf8'), 'run 6')
  assert.equal(gunzipSync(readFileSync(`${path}.20260102-030404.gz`)).toString(), 'run 3')
})

test('what an interrupted rotation left is cleared away', async () => {
  const path = newLog('now')
  writeFileSync(`${path}.20260101-000000`, 'whole')
  writeFileSync(`${path}.20260101-000000.gz`, 'done already')
  writeFileSync(`${path}.20260102-000000.gz.tmp`, 'half')
  await rotateLog(path, 5, async () => {}, new Date(2026, 0, 3))
  assert.deepEqual(readdirSync(dirname(path)).sort(), ['0.log.20260101-000000.gz', '0.log.20260103-000000'])
})

test('a runtime that refuses keeps its log', async () => {
  const path = newLog('text')
  await assert.rejects(
    rotateLog(path, 5, () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.deepEqual(readdirSync(dirname(path)), ['0.log'])
})

test('only logs that are too long are rotated; one that is missing is opened again', async () => {
  const [long, short] = [newLog('x'.repeat(200)), newLog('x'.repeat(50))]
  const reopened: string[] = []
  const rotation = new LogRotation({
    maxBytes: 100,
    log: silentLogger,
    running: () => [
      { containerId: 'long', path: long },
      { containerId: 'short', path: short },
      { containerId: 'missing', path: join(directory, 'missing.log') },
    ],
    cri: {
      reopenContainerLog: async ({ containerId = '' }) => {
        reopened.push(containerId)
        return {}
      },
    },
  })
  await rotation.look()
  assert.deepEqual(reopened, ['long', 'missing'])
  assert.deepEqual(readdirSync(dirname(short)), ['0.log'])
  assert.match(readdirSync(dirname(long)).join(), /^0\.log\.\d{8}-\d{6}$/)
})
