import { type LogLine, parseLogLine } from './log-line.ts'

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
const lineEnd = Buffer.from('\n')

/** Makes what a reader gets out of the lines of a log file. */
export class LogSelection {
  private readonly since: number
  private readonly timestamps: boolean
  private readonly wanted: LogLine['stream'] | undefined
  private bytesLeft: number
  private entriesLeft: number
  private atLineStart = true

  /** `entries`: after so many it is over. */
  constructor(options: LogOptions, entries = Number.POSITIVE_INFINITY) {
    const { stream = 'All' } = options
    this.since = options.since ?? Number.NEGATIVE_INFINITY
    this.timestamps = options.timestamps ?? false
    this.wanted = stream === 'All' ? undefined : stream === 'Stdout' ? 'stdout' : 'stderr'
    this.bytesLeft = options.limitBytes ?? Number.POSITIVE_INFINITY
    this.entriesLeft = entries
  }

  /** Nothing more will come out. */
  get isDone(): boolean {
    return this.bytesLeft <= 0 || this.entriesLeft <= 0
  }

  /** `chunk`: whole lines of the file, of which the last may lack its newline. */
  take(chunk: Buffer): Buffer {
    const out: Buffer[] = []
    for (let at = 0; at < chunk.length && !this.isDone; ) {
      const end = chunk.indexOf(newline, at)
      const line = parseLogLine(chunk.subarray(at, end < 0 ? chunk.length : end))
      if (line) this.add(line, end >= 0, out)
      at = end < 0 ? chunk.length : end + 1
    }
    return out.length === 1 ? out[0]! : Buffer.concat(out)
  }

  private add(line: LogLine, isWhole: boolean, out: Buffer[]): void {
    this.entriesLeft--
    const endsLine = isWhole && !line.partial
    if (this.isWanted(line)) {
      if (this.timestamps && this.atLineStart) this.write(Buffer.from(`${paddedTime(line.time)} `), out)
      this.write(line.content, out)
      if (endsLine) this.write(lineEnd, out)
    }
    this.atLineStart = endsLine
  }

  private isWanted({ stream, time }: LogLine): boolean {
    if (this.since > 0 && Date.parse(time) < this.since) return false
    return this.wanted === undefined || stream === this.wanted
  }

  private write(bytes: Buffer, out: Buffer[]): void {
    const part = bytes.length > this.bytesLeft ? bytes.subarray(0, this.bytesLeft) : bytes
    this.bytesLeft -= part.length
    if (part.length > 0) out.push(part)
  }
}

/** With all nine decimals: runtimes leave zeros at the end out. */
function paddedTime(time: string): string {
  const parts = /^(.*:\d\d)(?:\.(\d+))?(Z|[+-].*)$/.exec(time)
  return parts ? `${parts[1]}.${(parts[2] ?? '').padEnd(9, '0')}${parts[3]}` : time
}
