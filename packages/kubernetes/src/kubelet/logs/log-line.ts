/** One line of a container log file: `TIME STREAM TAG CONTENT`, where tag `P` says that the next entry goes on with the line. */
export interface LogLine {
  /** RFC 3339 with nanoseconds, as the runtime wrote it. */
  time: string
  stream: 'stdout' | 'stderr'
  /** Without a newline when `partial`. */
  content: Buffer
  partial: boolean
}

const space = 0x20

/** @param line one line of the file, without its newline. `undefined`: not in CRI's format. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const afterTime = line.indexOf(space)
  const afterStream = line.indexOf(space, afterTime + 1)
  if (afterTime < 0 || afterStream < 0) return undefined
  const stream = line.toString('latin1', afterTime + 1, afterStream)
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  let afterTags = line.indexOf(space, afterStream + 1)
  if (afterTags < 0) afterTags = line.length
  const [tag] = line.toString('latin1', afterStream + 1, afterTags).split(':')
  if (tag !== 'P' && tag !== 'F') return undefined
  return {
    time: line.toString('latin1', 0, afterTime),
    stream,
    content: line.subarray(afterTags + 1),
    partial: tag === 'P',
  }
}
