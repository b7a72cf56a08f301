import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { type Payload, writeAtomically } from './atomic-writer.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'atomic-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const payload = (files: Record<string, string>, mode = 0o644): Payload =>
  new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]))
const write = (files: Record<string, string>, mode?: number) =>
  writeAtomically(directory, payload(files, mode), async () => {})
const visible = () =>
  readdirSync(directory)
    .filter((name) => !name.startsWith('..'))
    .sort()
const read = (path: string) => readFileSync(join(directory, path), 'utf8')

test('files appear through links, with their modes', async () => {
  await write({ a: '1', 'deep/er/b': '2' }, 0o400)
  assert.deepEqual(visible(), ['a', 'deep'])
  assert.deepEqual([read('a'), read('deep/er/b')], ['1', '2'])
  assert.equal(readlinkSync(join(directory, 'a')), '..data/a')
  assert.equal(statSync(join(directory, 'a')).mode & 0o777, 0o400)
})

test('a change swaps all at once and takes away what is gone', async () => {
  await write({ a: '1', gone: 'x' })
  const before = readlinkSync(join(directory, '..data'))
  await write({ a: '2', fresh: '3' })
  assert.notEqual(readlinkSync(join(directory, '..data')), before)
  assert.deepEqual([visible(), read('a'), read('fresh')], [['a', 'fresh'], '2', '3'])
  assert.equal(readdirSync(directory).filter((name) => /^\.\.\d/.test(name)).length, 1)
})

test('nothing is touched when nothing changed', async () => {
  await write({ a: '1' })
  const before = readlinkSync(join(directory, '..data'))
  await write({ a: '1' })
  assert.equal(readlinkSync(join(directory, '..data')), before)
})

test('paths must stay inside', async () => {
  for (const path of ['/abs', '../up', 'a/../../b', '..hidden', '']) {
    await assert.rejects(write({ [path]: 'x' }), /invalid path/, path)
  }
})
