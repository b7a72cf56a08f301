import { copyFileSync, type FSWatcher, readdirSync, statSync, truncateSync, watch } from 'node:fs'
import { join } from 'node:path'

/** After something was written, sizes are looked at once, this much later. */
const settle = 30_000

/**
 * Keeps log files small. Their writers hold them open for appending, so a file that has grown too long is copied to
 * `NAME.log.1` and cut to nothing. Idle logs cost nothing: sizes are looked at only after the directory saw a write.
 */
export class LogRotation {
  readonly #directory: string
  readonly #maxBytes: number
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(directory: string, maxBytes: number) {
    this.#directory = directory
    this.#maxBytes = maxBytes
  }

  begin(): void {
    this.#watcher = watch(this.#directory, { persistent: false }, () => {
      this.#watcher?.close()
      this.#timer = setTimeout(() => {
        this.rotate()
        this.begin()
      }, settle)
      this.#timer.unref()
    })
    this.#watcher.on('error', () => this.end())
  }

  end(): void {
    this.#watcher?.close()
    clearTimeout(this.#timer)
  }

  rotate(): void {
    for (const name of readdirSync(this.#directory)) {
      if (!name.endsWith('.log')) continue
      const path = join(this.#directory, name)
      if (statSync(path).size <= this.#maxBytes) continue
      copyFileSync(path, `${path}.1`)
      truncateSync(path)
    }
  }
}
