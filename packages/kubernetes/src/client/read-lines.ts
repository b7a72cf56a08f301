import type { Readable } from 'node:stream'

const newline = 10

/** The lines of a stream, without their ends. Reads on only when the last line has been taken: that is the back-pressure. */
export async function* readLines(stream: Readable): AsyncGenerator<string> {
  let pieces: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const last = chunk.subarray(start, end)
      const line = pieces.length > 0 ? Buffer.concat([...pieces, last]) : last
      pieces = []
      start = end + 1
      if (line.length > 0) yield line.toString('utf8')
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start))
  }
  if (pieces.length > 0) yield Buffer.concat(pieces).toString('utf8')
}
