import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { headerSize } from '../wire/query.ts'
import type { Endpoint } from './upstreams.ts'

/** Sends a question over UDP from a port of its own; resolves to the answer with the question's id and words. */
export function exchangeUdp(
  question: Buffer,
  { address, port }: Endpoint,
  signal: AbortSignal,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  const abort = () => reject(new Error('timed out'))
  signal.addEventListener('abort', abort)
  socket.on('error', reject)
  socket.on('message', (message) => {
    if (isAnswerTo(question, message)) resolve(message)
  })
  // Connected, the socket hears of a port where nobody listens, and takes nothing from anybody else.
  socket.connect(port, address, () => socket.send(question))
  return promise.finally(() => {
    signal.removeEventListener('abort', abort)
    socket.close()
  })
}

/** The same over TCP. */
export function exchangeTcp(
  question: Buffer,
  { address, port }: Endpoint,
  signal: AbortSignal,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const socket = connect({ host: address, port, signal })
  let received = Buffer.alloc(0)
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('connection closed')))
  socket.on('connect', () => {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(question.length)
    socket.write(Buffer.concat([length, question]))
  })
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
    const message = received.subarray(2, 2 + received.readUInt16BE(0))
    if (isAnswerTo(question, message)) resolve(message)
    else reject(new Error('answer to another question'))
  })
  return promise.finally(() => socket.destroy())
}

/** Same id, an answer, and to the same question (servers may change its capitals). */
function isAnswerTo(question: Buffer, message: Buffer): boolean {
  if (message.length < headerSize || message.readUInt16BE(0) !== question.readUInt16BE(0)) return false
  if ((message.readUInt8(2) & 0x80) === 0) return false
  if (message.readUInt16BE(4) === 0) return true
  const asked = questionText(question)
  return message.length >= headerSize + asked.length && questionText(message).startsWith(asked)
}

/** Only the question counts here: what follows it differs. */
function questionText(message: Buffer): string {
  let end = headerSize
  while (end < message.length && message[end] !== 0) end += (message[end] ?? 0) + 1
  return message.toString('latin1', headerSize, end + 5).toLowerCase()
}
