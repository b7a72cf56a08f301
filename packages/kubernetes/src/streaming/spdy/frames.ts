/** Types of SPDY/3.1 control frames that Kubernetes' peers send; others are skipped. */
export const frameType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const

export const flagFin = 1

/** `RST_STREAM` status. */
export const resetStatus = { protocolError: 1, invalidStream: 2, refused: 3, cancel: 5, inUse: 8 } as const

export interface ControlFrame {
  control: true
  type: number
  flags: number
  payload: Buffer
}

export interface DataFrame {
  control: false
  streamId: number
  flags: number
  payload: Buffer
}

export type Frame = ControlFrame | DataFrame

export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(0x8003)
  head.writeUInt16BE(type, 2)
  head.writeUInt32BE(payload.length, 4)
  head.writeUInt8(flags, 4)
  return Buffer.concat([head, payload])
}

/** Only the head: the data goes on the wire as it is. */
export function dataFrameHead(streamId: number, flags: number, length: number): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(streamId)
  head.writeUInt32BE(length, 4)
  head.writeUInt8(flags, 4)
  return head
}

/** Cuts a byte stream into frames. Damage throws; an end within a frame just ends. */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let pending: Buffer = Buffer.alloc(0)
  const waiting: Buffer[] = []
  let waitingBytes = 0
  let wanted = 8
  for await (const chunk of source) {
    // Large frames come in many chunks: join them once, when the frame is whole.
    waiting.push(chunk)
    waitingBytes += chunk.length
    if (pending.length + waitingBytes < wanted) continue
    pending = Buffer.concat([pending, ...waiting])
    waiting.length = 0
    waitingBytes = 0
    wanted = 8
    while (pending.length >= 8) {
      const length = pending.readUInt32BE(4) & 0xffffff
      wanted = 8 + length
      if (pending.length < wanted) break
      yield parseFrame(pending.subarray(0, wanted))
      pending = pending.subarray(wanted)
      wanted = 8
    }
  }
}

function parseFrame(bytes: Buffer): Frame {
  const flags = bytes.readUInt8(4)
  const payload = bytes.subarray(8)
  const first = bytes.readUInt32BE()
  if (first & 0x80000000) {
    const version = bytes.readUInt16BE() & 0x7fff
    if (version !== 3) throw new Error(`unsupported SPDY version ${version}`)
    return { control: true, type: bytes.readUInt16BE(2), flags, payload }
  }
  return { control: false, streamId: first & 0x7fffffff, flags, payload }
}
