import type { MinikubeError } from '../../error.ts'
import type { Progress } from '../../progress.ts'

/** Where a command shows what it does and what it found. Logic knows only {@link Progress} of it. */
export interface Output extends Progress {
  /** The command's result, on stdout as it is. */
  print(line: string): void
  /** The last word of a command that failed. */
  error(error: MinikubeError): void
}

export interface Streams {
  stdout: NodeJS.WritableStream & { isTTY?: boolean }
  stderr: NodeJS.WritableStream & { isTTY?: boolean }
}
