import { emptyLogLine, type LogLine, readLogLine } from './log-line.ts'

export interface LogOptions {
  /** From the end of the file as it is when reading begins. */
  tailLines?: number
  /** Of output. */
  limitBytes?: number
  /** Milliseconds since the epoch; older entries are left out. */
  since?: number
  /** Each line begins with its time. */
  timestamps?: boolean
  stream?: 'All' | 'Stdout' | 'Stderr'
}

const newline = 0x0a
/** Makes what a reader gets out of the lines of a log file. */
export class LogSelection {
  private readonly since: number | undefined
  private readonly timestamps: boolean
  private readonly stream: NonNullable<LogOptions['stream']>
  private readonly line: LogLine = emptyLogLine()
  private bytesLeft: number
  private entriesLeft: number
  private atLineStart = true

  /** `entries`: after so many it is over. */
  constructor(options: LogOptions, entries = Number.POSITIVE_INFINITY) {
    this.since = options.since
    this.timestamps = options.timestamps ?? false
    this.stream = options.stream ?? 'All'
    this.bytesLeft = options.limitBytes ?? Number.POSITIVE_INFINITY
    this.entriesLeft = entries
  }

  /** Nothing more will come out. */
  get isDone(): boolean {
    return this.bytesLeft <= 0 || this.entriesLeft <= 0
  }

  /** `chunk`: whole lines of the file, of which the last may lack its newline. */
  take(chunk: Buffer): Buffer {
    const { line } = this
    // What stands before the content is left out; a time without decimals becomes a little longer than all of that.
    const out = Buffer.allocUnsafe(this.timestamps ? 2 * chunk.length : chunk.length)
    let length = 0
    for (let at = 0; at < chunk.length && !this.isDone; ) {
      const lineEnd = chunk.indexOf(newline, at)
      const end = lineEnd < 0 ? chunk.length : lineEnd
      if (readLogLine(chunk, at, end, line)) {
        const endsLine = lineEnd >= 0 && !line.partial
        const time = this.isTimeWanted() ? chunk.toString('latin1', at, line.timeEnd) : ''
        if (this.isWanted(time)) {
          const before = length
          if (this.timestamps && this.atLineStart)
            length += out.write(`${paddedTime(time)} `, length, 'latin1')
          length += chunk.copy(out, length, line.content, endsLine ? end + 1 : end)
          if (length - before > this.bytesLeft) length = before + this.bytesLeft
          this.bytesLeft -= length - before
        }
        this.entriesLeft--
        this.atLineStart = endsLine
      }
      at = end + 1
    }
    return out.subarray(0, length)
  }

  private isTimeWanted(): boolean {
    return this.since !== undefined || (this.timestamps && this.atLineStart)
  }

  private isWanted(time: string): boolean {
    if (this.since !== undefined && Date.parse(time) < this.since) return false
    return this.stream === 'All' || this.line.isStdout === (this.stream === 'Stdout')
  }
}

/** With all nine decimals: runtimes leave zeros at the end out. */
function paddedTime(time: string): string {
  const parts = /^(.*:\d\d)(?:\.(\d+))?(Z|[+-].*)$/.exec(time)
  return parts ? `${parts[1]}.${(parts[2] ?? '').padEnd(9, '0')}${parts[3]}` : time
}
