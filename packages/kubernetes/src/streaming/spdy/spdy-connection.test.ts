import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { constants, createDeflate } from 'node:zlib'
import { socketPair } from '../testing/socket-pair.ts'
import { spdyDictionary } from './dictionary.ts'
import { controlFrame, frameType } from './frames.ts'
import { HeaderReader, HeaderWriter } from './header-block.ts'
import { SpdyConnection } from './spdy-connection.ts'
import type { SpdyStream } from './spdy-stream.ts'

async function pair(onStream: (stream: SpdyStream) => void) {
  const [left, right] = await socketPair()
  const client = new SpdyConnection(left, { side: 'client' })
  const server = new SpdyConnection(right, { side: 'server', onStream })
  return { client, server, left, right }
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

test('the dictionary is the specification’s', () => {
  // What zlib names the SPDY/3 dictionary by.
  let a = 1
  let b = 0
  for (const byte of spdyDictionary()) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  assert.equal(spdyDictionary().length, 1423)
  assert.equal(((b << 16) | a) >>> 0, 3821447106)
})

test('headers: what we write is read again, block after block', async () => {
  const writer = new HeaderWriter()
  const reader = new HeaderReader()
  const long = 'x'.repeat(70_000)
  assert.deepEqual(await reader.decode(writer.encode({ streamType: 'stdin', long })), {
    streamtype: 'stdin',
    long,
  })
  assert.deepEqual(await reader.decode(writer.encode({})), {})
  assert.deepEqual(await reader.decode(writer.encode({ port: '80' })), { port: '80' })
  reader.close()
})

test('headers: compressed with the dictionary, as Go’s peer sends them', async () => {
  const deflate = createDeflate({ dictionary: spdyDictionary(), level: 9 })
  const compress = (headers: [string, string][]): Promise<Buffer> => {
    const texts = headers.flat()
    const parts = [headers.length, ...texts].map((part) => {
      const number = Buffer.alloc(4)
      number.writeUInt32BE(typeof part === 'number' ? part : part.length)
      return typeof part === 'number' ? number : Buffer.concat([number, Buffer.from(part)])
    })
    deflate.write(Buffer.concat(parts))
    return new Promise((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(deflate.read())))
  }
  const reader = new HeaderReader()
  assert.deepEqual(
    await reader.decode(
      await compress([
        ['streamtype', 'error'],
        ['requestid', '0'],
      ]),
    ),
    {
      streamtype: 'error',
      requestid: '0',
    },
  )
  assert.deepEqual(await reader.decode(await compress([['streamtype', 'data']])), { streamtype: 'data' })
  await assert.rejects(reader.decode(Buffer.from('nonsense')))
})

test('streams go both ways, many at once, and close one half at a time', async () => {
  const { client, server } = await pair((stream) => {
    stream.write(`hello ${stream.headers.name} `)
    stream.pipe(stream)
  })
  const answers = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      const stream = await client.open({ name })
      stream.write('one ')
      stream.end('two')
      return (await readAll(stream)).toString()
    }),
  )
  assert.deepEqual(answers, ['hello a one two', 'hello b one two', 'hello c one two'])
  client.close()
  await server.closed
})

test('a hundred megabytes pass unharmed while a slow reader holds them back', async () => {
  const size = 100 << 20
  const accepted = Promise.withResolvers<SpdyStream>()
  const { client } = await pair((stream) => accepted.resolve(stream))
  const stream = await client.open({})
  const incoming = await accepted.promise
  let sent = 0
  const chunk = Buffer.alloc(1 << 20)
  const sending = (async () => {
    while (sent < size) {
      chunk.fill(sent >>> 20)
      // A copy: the chunk is used again before it has left.
      if (!stream.write(Buffer.from(chunk))) await once(stream, 'drain')
      sent += chunk.length
    }
    stream.end()
  })()
  let received = 0
  let furthestAhead = 0
  for await (const part of incoming as AsyncIterable<Buffer>) {
    furthestAhead = Math.max(furthestAhead, sent - received)
    assert.equal(part[0], (received >>> 20) & 0xff)
    received += part.length
    // Slower than the sender by one turn of the event loop for each part.
    await new Promise(setImmediate)
  }
  await sending
  assert.equal(received, size)
  assert.ok(furthestAhead < size / 4, `the sender was ${furthestAhead} bytes ahead`)
  client.destroy()
})

test('a stream that is given up is reset, and the connection goes on', async () => {
  const streams: SpdyStream[] = []
  const { client } = await pair((stream) => streams.push(stream))
  const first = await client.open({})
  first.write('half a wo')
  first.destroy()
  assert.equal((await readAll(streams[0]!)).toString(), 'half a wo')
  streams[0]!.end('nobody will read this')
  await once(streams[0]!, 'close')
  const second = await client.open({})
  streams[1]!.end('fine')
  assert.equal((await readAll(second)).toString(), 'fine')
  client.destroy()
})

test('refused streams, and streams of a peer that takes none', async () => {
  const { client, server } = await pair(() => {
    throw new Error('no')
  })
  await assert.rejects(client.open({}), { code: 'ECONNRESET' })
  await assert.rejects(server.open({}), { code: 'ECONNRESET' })
  client.destroy()
})

test('a connection that breaks ends its streams with an error, and no more can be opened', async () => {
  const { client, right } = await pair(() => {})
  const stream = await client.open({})
  right.destroy()
  await client.closed
  assert.equal((stream.errored as NodeJS.ErrnoException).code, 'ECONNRESET')
  await assert.rejects(client.open({}))
})

test('goaway: open streams go on, new ones are refused', async () => {
  const accepted = Promise.withResolvers<SpdyStream>()
  const { client, right } = await pair((stream) => accepted.resolve(stream))
  const stream = await client.open({})
  const other = await accepted.promise
  right.write(controlFrame(frameType.goAway, 0, Buffer.alloc(8)))
  other.end('last words')
  assert.equal((await readAll(stream)).toString(), 'last words')
  await assert.rejects(client.open({}), { message: 'the SPDY connection is closing' })
  client.destroy()
})

test('pings are answered, answers to our own are not', async () => {
  const [left, right] = await socketPair()
  const client = new SpdyConnection(left, { side: 'client' })
  const ping = controlFrame(frameType.ping, 0, Buffer.from([0, 0, 0, 2]))
  right.write(ping)
  const [answer] = (await once(right, 'data')) as [Buffer]
  assert.deepEqual(answer, ping)
  client.ping()
  const [own] = (await once(right, 'data')) as [Buffer]
  assert.equal(own.readUInt32BE(8) % 2, 1)
  right.write(own)
  right.write(ping)
  assert.deepEqual((await once(right, 'data'))[0], ping, 'only the peer’s own ping comes back')
  client.destroy()
})

test('nonsense ends the connection, not the process', async () => {
  const [left, right] = await socketPair()
  const client = new SpdyConnection(left, { side: 'client' })
  right.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
  right.write(Buffer.from([0x80, 9, 0, 1, 0, 0, 0, 0]))
  right.end()
  await client.closed
})

test('what came in whole can be read after the connection is gone, what did not fails', async () => {
  const { client, server, right } = await pair((stream) => {
    if (stream.headers.kind === 'whole') stream.end('x'.repeat(100_000))
    else stream.write('half')
  })
  const whole = await client.open({ kind: 'whole' })
  const half = await client.open({ kind: 'half' })
  await once(half, 'readable')
  // Its other end is heard of before anybody reads.
  const heard = once(whole, 'readable')
  await heard
  const over = client.closed
  right.end()
  await over
  assert.equal((await readAll(whole)).length, 100_000)
  await assert.rejects(readAll(half), /the SPDY connection was closed/)
  await server.closed
})
