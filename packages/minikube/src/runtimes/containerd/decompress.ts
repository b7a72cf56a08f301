import { pipeline, type Readable, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

/** The stream as it is, or unpacked when it begins like gzip or Zstandard. */
export async function decompress(source: Readable): Promise<Readable> {
  const first = await firstChunk(source)
  const unpack = transformFor(first)
  source.unshift(first)
  if (!unpack) return source
  // An error of the source ends the result, too.
  return pipeline(source, unpack, (error) => {
    if (error) unpack.destroy(error)
  })
}

function transformFor(head: Buffer): Transform | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return createGunzip()
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return createZstdDecompress()
  return undefined
}

function firstChunk(source: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      source.off('readable', onReadable)
      source.off('end', onEnd)
      source.off('error', reject)
      action()
    }
    const onReadable = (): void => {
      const chunk: unknown = source.read()
      if (chunk !== null) settle(() => resolve(Buffer.from(chunk as Uint8Array)))
    }
    const onEnd = (): void => settle(() => resolve(Buffer.alloc(0)))
    source.on('readable', onReadable)
    source.once('end', onEnd)
    source.once('error', reject)
  })
}
