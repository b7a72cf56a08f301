import { pipeline, Readable, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

/** The stream as it is, or unpacked when it begins like gzip or Zstandard. */
export async function decompress(source: Readable): Promise<Readable> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  const first = await chunks.next()
  if (first.done) return Readable.from([])
  const whole = Readable.from(from(first.value, chunks), { objectMode: false })
  const unpack = transformFor(Buffer.from(first.value))
  if (!unpack) return whole
  // An error of the source ends the result, too.
  return pipeline(whole, unpack, (error) => {
    if (error) unpack.destroy(error)
  })
}

function transformFor(head: Buffer): Transform | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return createGunzip()
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return createZstdDecompress()
  return undefined
}

async function* from(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}
