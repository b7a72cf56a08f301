export interface LogEntry {
  stream: 'stdout' | 'stderr'
  /** RFC 3339 with nine digits. */
  time: string
  /** With its newline, unless the line goes on in the next entry. */
  content: Buffer
}

/** The engine cuts longer lines into pieces of this size, bytes. */
const pieceSize = 16 << 10
const timeLength = '2006-01-02T15:04:05.000000000Z'.length
const headLength = 8

/** Entries out of the engine's log stream with timestamps: frames, or for terminals the bare entries one after another. */
export class LogEntries {
  readonly #tty: boolean
  #rest: Buffer = Buffer.alloc(0)

  constructor(tty: boolean) {
    this.#tty = tty
  }

  *push(chunk: Buffer): Generator<LogEntry> {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    for (;;) {
      const size = this.#tty ? this.#bareSize() : this.#framedSize()
      if (size === undefined) return
      const skipped = this.#tty ? 0 : headLength
      const stream = !this.#tty && this.#rest[0] === 2 ? 'stderr' : 'stdout'
      yield entryOf(stream, this.#rest.subarray(skipped, size))
      this.#rest = this.#rest.subarray(size)
    }
  }

  /** What is left when the stream has ended. */
  *end(): Generator<LogEntry> {
    if (this.#tty && this.#rest.length > timeLength) yield entryOf('stdout', this.#rest)
  }

  #framedSize(): number | undefined {
    if (this.#rest.length < headLength) return undefined
    const size = headLength + this.#rest.readUInt32BE(4)
    return this.#rest.length < size ? undefined : size
  }

  #bareSize(): number | undefined {
    const longest = timeLength + 1 + pieceSize
    const newline = this.#rest.indexOf(0x0a, timeLength)
    if (newline >= 0 && newline <= longest) return newline + 1
    return this.#rest.length > longest ? longest : undefined
  }
}

function entryOf(stream: LogEntry['stream'], bytes: Buffer): LogEntry {
  return {
    stream,
    time: bytes.toString('latin1', 0, timeLength),
    content: bytes.subarray(timeLength + 1),
  }
}
