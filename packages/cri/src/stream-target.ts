import type { Duplex, Readable, Writable } from 'node:stream'
import type { AttachRequest, ExecRequest } from './generated/runtime-v1.ts'

/** A client's side of an exec or attach. */
export interface CommandStreams {
  /** Ends when the client closes it, or leaves. */
  stdin?: Readable
  /** Left open when the command has ended. */
  stdout?: Writable
  stderr?: Writable
  /** Sizes of the client's terminal, in characters. */
  resize?: AsyncIterable<{ width: number; height: number }>
  /** Aborted when the client has left. */
  gone: AbortSignal
}

/** What a server of CRI's stream URLs needs of the runtime. Methods throw `CriError`. */
export interface StreamTarget {
  /** Resolves to the exit code. */
  exec(request: ExecRequest, streams: CommandStreams): Promise<number>
  /** Resolves when the container has ended. */
  attach(request: AttachRequest, streams: CommandStreams): Promise<void>
  /** Carries bytes between the connection and a port of the pod, until either has ended. */
  forward(podSandboxId: string, port: number, connection: Duplex): Promise<void>
}
