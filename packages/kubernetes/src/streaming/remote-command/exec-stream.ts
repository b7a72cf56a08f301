import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ApiError, type Status } from '../../api/api-error.ts'
import { SpdyConnection } from '../spdy/spdy-connection.ts'
import type { SpdyStream } from '../spdy/spdy-stream.ts'
import { openUpgrade } from '../upgrade/open-upgrade.ts'
import type { UpgradeTarget } from '../upgrade/upgrade-target.ts'
import { resultOf } from './command-status.ts'
import { protocolHeader, spdyProtocols, type TerminalSize } from './protocol.ts'

export interface ExecStreamOptions {
  /** Its end closes the command's stdin. */
  stdin?: Readable
  /** Not ended by this. */
  stdout?: Writable
  /** Not with a terminal. Not ended by this. */
  stderr?: Writable
  tty?: boolean
  /** Sizes of the terminal, the present one first. */
  resize?: AsyncIterable<TerminalSize>
  headers?: Record<string, string>
  /** Cuts the session off: the server sees its client go. */
  signal?: AbortSignal
}

/**
 * Runs or attaches to a command at an exec or attach URL of a kubelet, a CRI runtime or an API server, over SPDY, the one
 * protocol that they all speak with half-close. The URL's query says which streams there are; they must be the ones given.
 *
 * @returns the exit code, when all output has been taken over
 * @throws ApiError when the server refuses or the command cannot run; `signal.reason` when cut off
 */
export async function execStream(
  target: UpgradeTarget,
  options: ExecStreamOptions,
): Promise<{ exitCode: number }> {
  options.signal?.throwIfAborted()
  const connection = await connect(target, options)
  const abort = (): void => connection.destroy()
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    return await run(connection, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    throw error
  } finally {
    options.signal?.removeEventListener('abort', abort)
    connection.close()
  }
}

async function connect(target: UpgradeTarget, options: ExecStreamOptions): Promise<SpdyConnection> {
  const answer = await openUpgrade(target, {
    method: 'POST',
    headers: {
      ...options.headers,
      Connection: 'Upgrade',
      Upgrade: 'SPDY/3.1',
      'Content-Length': '0',
      [protocolHeader]: [...spdyProtocols],
    },
    signal: options.signal,
  })
  if (answer.upgraded) {
    const { socket, head } = answer
    return new SpdyConnection(socket, { side: 'client', head, pingPeriodMs: 5000 })
  }
  throw await refusal(answer.response, answer.response.statusCode ?? 500)
}

/** The error that a body other than `101` tells: a Status, or plain text. */
async function refusal(body: AsyncIterable<Buffer>, code: number): Promise<ApiError> {
  const parts: Buffer[] = []
  for await (const part of body) parts.push(part)
  const text = Buffer.concat(parts).toString('utf8').trim()
  try {
    const status: unknown = JSON.parse(text)
    if (typeof status === 'object' && status !== null && 'status' in status) {
      return ApiError.fromStatus(status as Partial<Status>, code)
    }
  } catch {
    // Not JSON: it is the message itself.
  }
  return new ApiError('', `unable to upgrade connection: ${text || `HTTP ${code}`}`, undefined, code)
}

async function run(connection: SpdyConnection, options: ExecStreamOptions): Promise<{ exitCode: number }> {
  const open = (streamtype: string): Promise<SpdyStream> => connection.open({ streamtype })
  // The server waits for all streams, in this order.
  const error = await open('error')
  const stdin = options.stdin && (await open('stdin'))
  const stdout = options.stdout && (await open('stdout'))
  const stderr = options.stderr && !options.tty ? await open('stderr') : undefined
  const resize = options.tty ? await open('resize') : undefined

  if (stdin) options.stdin?.pipe(stdin)
  if (resize && options.resize) void sendSizes(resize, options.resize)
  const outputs = [
    stdout && pipeline(stdout, options.stdout as Writable, { end: false }),
    stderr && pipeline(stderr, options.stderr as Writable, { end: false }),
  ]
  try {
    const [text] = await Promise.all([readText(error), ...outputs])
    const result = resultOf(text)
    if ('error' in result) throw result.error
    return result
  } finally {
    if (stdin) options.stdin?.unpipe(stdin)
  }
}

async function sendSizes(stream: SpdyStream, sizes: AsyncIterable<TerminalSize>): Promise<void> {
  for await (const { width, height } of sizes) {
    if (stream.destroyed) return
    stream.write(JSON.stringify({ Width: width, Height: height }))
  }
}

async function readText(stream: SpdyStream): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}
