/**
 * One line of a container log file: `TIME STREAM TAG CONTENT`, where tag `P` says that the next entry goes on with the
 * line. All as offsets into the bytes it was read from: logs are long, and nothing is made of what nobody asks for.
 */
export interface LogLine {
  /** RFC 3339 with nanoseconds, as the runtime wrote it, is from `start` to here. */
  timeEnd: number
  isStdout: boolean
  partial: boolean
  /** Where the content begins; it may be empty. */
  content: number
}

const space = 0x20
const colon = 0x3a
const [s, o, e, p, f] = [0x73, 0x6f, 0x65, 0x50, 0x46]
const streamLength = 'stdout'.length

/**
 * Reads the line from `start` to `end` (its newline, or the end of what there is) into `line`. False: it is not in CRI's
 * format, and `line` means nothing.
 */
export function readLogLine(bytes: Buffer, start: number, end: number, line: LogLine): boolean {
  const timeEnd = bytes.indexOf(space, start)
  const afterStream = timeEnd + 1 + streamLength
  if (timeEnd < 0 || afterStream >= end) return false
  const which = bytes[timeEnd + 4]
  const tag = bytes[afterStream + 1]
  if (bytes[timeEnd + 1] !== s || (which !== o && which !== e) || bytes[afterStream] !== space) return false
  if (tag !== p && tag !== f) return false
  let afterTags = afterStream + 2
  if (bytes[afterTags] === colon) {
    afterTags = bytes.indexOf(space, afterTags)
    if (afterTags < 0 || afterTags > end) afterTags = end
  }
  if (afterTags < end && bytes[afterTags] !== space) return false
  line.timeEnd = timeEnd
  line.isStdout = which === o
  line.partial = tag === p
  line.content = Math.min(afterTags + 1, end)
  return true
}

export function emptyLogLine(): LogLine {
  return { timeEnd: 0, isStdout: true, partial: false, content: 0 }
}
