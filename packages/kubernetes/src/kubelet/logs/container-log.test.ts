import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { openContainerLog } from './container-log.ts'
import type { LogOptions } from './log-selection.ts'

const directory = mkdtempSync(join(tmpdir(), 'container-log-'))
after(() => rmSync(directory, { recursive: true }))

let files = 0
function logFile(text: string): string {
  const path = join(directory, `${files++}.log`)
  writeFileSync(path, text)
  return path
}

const time = (second: number, fraction = ''): string => `2026-01-02T03:04:0${second}${fraction}+01:00`
const never = new AbortController().signal

async function joined(chunks: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of chunks) text += chunk
  return text
}

async function read(text: string, options: LogOptions = {}): Promise<string> {
  return joined(await openContainerLog(logFile(text), options, never))
}

const sample = [
  `${time(1, '.5')} stdout F one`,
  `${time(2)} stderr F two`,
  `${time(3)} stdout P thr`,
  `${time(3)} stdout F ee`,
  `${time(4)} stdout F `,
  '',
].join('\n')

describe('a log that nobody follows', () => {
  test('is its content, with parts of a line put together', async () => {
    assert.equal(await read(sample), 'one\ntwo\nthree\n\n')
  })

  test('can be had from the end, counted in entries', async () => {
    assert.equal(await read(sample, { tailLines: 2 }), 'ee\n\n')
    assert.equal(await read(sample, { tailLines: 0 }), '')
    assert.equal(await read(sample, { tailLines: 99 }), 'one\ntwo\nthree\n\n')
  })

  test('can have its times, all with nine decimals, once per line', async () => {
    assert.equal(
      await read(sample, { timestamps: true }),
      [
        '2026-01-02T03:04:01.500000000+01:00 one',
        '2026-01-02T03:04:02.000000000+01:00 two',
        '2026-01-02T03:04:03.000000000+01:00 three',
        '2026-01-02T03:04:04.000000000+01:00 ',
        '',
      ].join('\n'),
    )
  })

  test('has room for times however short they are in the file', async () => {
    const text = await read(`${time(1).slice(0, -6)}Z stdout F \n`.repeat(3000), { timestamps: true })
    assert.equal(text, '2026-01-02T03:04:01.000000000Z \n'.repeat(3000))
  })

  test('can begin at a time, be cut after some bytes, be of one stream', async () => {
    assert.equal(await read(sample, { since: Date.parse(time(3)) }), 'three\n\n')
    assert.equal(await read(sample, { limitBytes: 6 }), 'one\ntw')
    assert.equal(await read(sample, { stream: 'Stderr' }), 'two\n')
    assert.equal(await read(sample, { stream: 'Stdout', limitBytes: 5 }), 'one\nt')
  })

  test('may have lines that are no entries, and a last one without its newline', async () => {
    assert.equal(await read(`nonsense\n${time(1)} stdout F a\n${time(2)} stdout F b`), 'a\nb')
  })

  test('may have lines longer than what is read at once, and many', async () => {
    const long = 'x'.repeat(300_000)
    assert.equal(await read(`${time(1)} stdout F ${long}\n${time(2)} stdout F b\n`), `${long}\nb\n`)
    const lines = Array.from({ length: 20_000 }, (_, at) => `${at}`)
    const text = lines.map((line) => `${time(1)} stdout F ${line}\n`).join('')
    assert.equal(await read(text), `${lines.join('\n')}\n`)
    assert.equal(await read(text, { tailLines: 3 }), '19997\n19998\n19999\n')
  })

  test('that does not exist is an error at once', async () => {
    await assert.rejects(
      openContainerLog(join(directory, 'none'), {}, never),
      /failed to try resolving symlinks in path ".*none": ENOENT/,
    )
  })
})

describe('a log that is followed', () => {
  interface Following {
    path: string
    next(): Promise<string>
    rest(): Promise<string>
    end: AbortController
    leave: AbortController
  }

  async function follow(text: string, options: LogOptions = {}): Promise<Following> {
    const path = logFile(text)
    const end = new AbortController()
    const leave = new AbortController()
    const log = await openContainerLog(path, options, leave.signal, { ended: end.signal })
    return {
      path,
      end,
      leave,
      async next() {
        const { value } = await log.next()
        return value?.toString() ?? 'END'
      },
      rest: () => joined(log),
    }
  }

  test('goes on with what is written, in whole entries', async () => {
    const log = await follow(`${time(1)} stdout F a\n`)
    assert.equal(await log.next(), 'a\n')
    const next = log.next()
    appendFileSync(log.path, `${time(2)} stdout F b`)
    appendFileSync(log.path, `c\n`)
    assert.equal(await next, 'bc\n')
    log.end.abort()
    assert.equal(await log.next(), 'END')
  })

  test('is read to its end when its container has ended', async () => {
    const log = await follow('')
    appendFileSync(log.path, `${time(2)} stdout F last words\n`)
    log.end.abort()
    assert.equal(await log.rest(), 'last words\n')
  })

  test('can begin with the last lines', async () => {
    const log = await follow(sample, { tailLines: 1 })
    assert.equal(await log.next(), '\n')
    const next = log.next()
    appendFileSync(log.path, `${time(5)} stdout F more\n`)
    assert.equal(await next, 'more\n')
    log.leave.abort()
    assert.equal(await log.next(), 'END')
  })

  test('ends by itself at its limit', async () => {
    const log = await follow(`${time(1)} stdout F abc\n`, { limitBytes: 2 })
    assert.equal(await log.rest(), 'ab')
  })

  test('loses nothing when it is rotated, also not what the old file gets late', async () => {
    const log = await follow(`${time(1)} stdout F a\n`)
    assert.equal(await log.next(), 'a\n')
    const old = `${log.path}.20260102-030405`
    const next = log.next()
    renameSync(log.path, old)
    writeFileSync(log.path, '')
    appendFileSync(old, `${time(2)} stdout F late\n`)
    appendFileSync(log.path, `${time(3)} stdout F new\n`)
    let text = await next
    while (!text.includes('new')) text += await log.next()
    assert.equal(text, 'late\nnew\n')
    appendFileSync(log.path, `${time(4)} stdout F newer\n`)
    log.end.abort()
    assert.equal(await log.rest(), 'newer\n')
  })
})
