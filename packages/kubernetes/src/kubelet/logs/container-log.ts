import { realpath, stat } from 'node:fs/promises'
import { FileChanges } from './file-changes.ts'
import { LogFile } from './log-file.ts'
import { type LogOptions, LogSelection } from './log-selection.ts'

export interface FollowOptions {
  /** Aborted when the container writes no more. */
  ended: AbortSignal
}

/**
 * Reads what a container has written out of its log file. With `follow`, goes on until the container has ended; a file
 * that is rotated meanwhile is read to its end first.
 *
 * @param path of the log file, in CRI's format
 * @param signal ends it
 * @throws Error when there is no such file; the generator then never starts
 */
export async function openContainerLog(
  path: string,
  options: LogOptions,
  signal: AbortSignal,
  follow?: FollowOptions,
): Promise<AsyncGenerator<Buffer, void>> {
  const resolved = await realpath(path).catch((error: Error) => {
    throw new Error(`failed to try resolving symlinks in path ${JSON.stringify(path)}: ${error.message}`)
  })
  const file = await LogFile.open(resolved, options.tailLines).catch((error: Error) => {
    throw new Error(`failed to open log file ${JSON.stringify(resolved)}: ${error.message}`)
  })
  return follow
    ? followed(resolved, file, new LogSelection(options), signal, follow.ended)
    : whole(file, new LogSelection(options, options.tailLines), signal)
}

async function* whole(
  file: LogFile,
  selection: LogSelection,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  try {
    while (!selection.isDone && !signal.aborted) {
      const chunk = await file.next()
      const out = selection.take(chunk.length > 0 ? chunk : file.unfinished)
      if (out.length > 0) yield out
      if (chunk.length === 0) return
    }
  } finally {
    await file.close()
  }
}

async function* followed(
  path: string,
  first: LogFile,
  selection: LogSelection,
  signal: AbortSignal,
  ended: AbortSignal,
): AsyncGenerator<Buffer, void> {
  let file = first
  let changes: FileChanges | undefined
  let successor = false
  try {
    changes = new FileChanges(path, AbortSignal.any([signal, ended]))
    for (;;) {
      await changes.next()
      // What is in the file by now was written before this end.
      const isLast = ended.aborted
      for (;;) {
        const chunk = await file.next()
        if (signal.aborted) return
        if (chunk.length > 0) {
          const out = selection.take(chunk)
          if (out.length > 0) yield out
          if (selection.isDone) return
        } else if (successor) {
          await file.close()
          file = await LogFile.open(path)
          successor = false
        } else if (changes.replaced && (await hasSuccessor(path, file))) {
          // The old one may have got its last lines since it was read.
          changes.replaced = false
          successor = true
        } else break
      }
      if (isLast) return
    }
  } finally {
    changes?.close()
    await file.close()
  }
}

/** Is there another file of that name, and is it being written to? Until then the old one may still grow. */
async function hasSuccessor(path: string, file: LogFile): Promise<boolean> {
  const now = await stat(path).catch(() => undefined)
  return now !== undefined && now.size > 0 && (await file.isReplacedBy(now))
}
