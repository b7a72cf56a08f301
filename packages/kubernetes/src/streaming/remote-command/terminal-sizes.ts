import type { Readable } from 'node:stream'
import type { TerminalSize } from './protocol.ts'

/** Reads the JSON objects `{"Width":80,"Height":24}` that clients send one after the other. Damage ends the sequence. */
export async function* terminalSizes(source: Readable): AsyncGenerator<TerminalSize> {
  let text = ''
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      text += chunk.toString('utf8')
      for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
        const size = JSON.parse(text.slice(0, end + 1)) as { Width?: number; Height?: number }
        text = text.slice(end + 1)
        yield { width: size.Width ?? 0, height: size.Height ?? 0 }
      }
    }
  } catch {
    // The client went away, or sent nonsense; the terminal keeps its size.
  }
}
