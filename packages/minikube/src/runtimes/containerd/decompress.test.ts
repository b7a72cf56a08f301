import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { decompress } from './decompress.ts'

const content = randomBytes(300_000)
const chunks = (bytes: Buffer) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, index) =>
      bytes.subarray(index * 1000, index * 1000 + 1000),
    ),
  )

for (const [name, bytes] of [
  ['plain', content],
  ['gzip', gzipSync(content)],
  ['zstd', zstdCompressSync(content)],
] as const) {
  test(`${name} comes out plain`, async () =>
    assert.ok((await buffer(await decompress(chunks(bytes)))).equals(content)))
}

test('an empty stream stays empty', async () =>
  assert.equal((await buffer(await decompress(Readable.from([])))).length, 0))

test('a torn archive is an error', async () => {
  const torn = await decompress(chunks(gzipSync(content).subarray(0, 5000)))
  await assert.rejects(buffer(torn))
})

test('an error of the source is an error of the result', async () => {
  const source = Readable.from(
    (async function* () {
      yield gzipSync(content).subarray(0, 5000)
      throw new Error('gone')
    })(),
  )
  await assert.rejects(buffer(await decompress(source)), /gone/)
})
