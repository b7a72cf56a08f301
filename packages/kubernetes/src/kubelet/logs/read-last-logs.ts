import { LogFile } from './log-file.ts'
import { LogSelection } from './log-selection.ts'

/** The content of the last `lines` log entries, of which at most the last `limit` bytes. */
export async function readLastLogs(path: string, lines: number, limit: number): Promise<string> {
  const file = await LogFile.open(path, lines)
  try {
    const selection = new LogSelection({}, lines)
    let text = Buffer.alloc(0)
    for (let isEnd = false; !isEnd; ) {
      const chunk = await file.next()
      isEnd = chunk.length === 0
      text = Buffer.concat([text, selection.take(isEnd ? file.unfinished : chunk)]).subarray(-limit)
    }
    return text.toString()
  } finally {
    await file.close()
  }
}
