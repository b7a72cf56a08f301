import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Waits for changes of one file, also for another of its name. */
export class FileChanges {
  private readonly watcher: FSWatcher
  private readonly stop: () => void
  private dirty = true
  private wake: (() => void) | undefined
  /** Since the last time that it was set to false, a file of that name came or went. */
  replaced = false

  /** `ends` wake up whoever waits, too. @throws Error when the directory cannot be watched */
  constructor(path: string, ends: AbortSignal) {
    const name = basename(path)
    const notify = (): void => {
      this.dirty = true
      this.wake?.()
    }
    // The directory: a watch of the file would stay with it when it is renamed.
    this.watcher = watch(dirname(path), (type, changed) => {
      if (changed !== name) return
      if (type === 'rename') this.replaced = true
      notify()
    })
    this.watcher.on('error', notify)
    ends.addEventListener('abort', notify)
    this.stop = () => ends.removeEventListener('abort', notify)
  }

  /** Resolves at once when something has happened since it last resolved. */
  async next(): Promise<void> {
    if (!this.dirty) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    this.wake = undefined
    this.dirty = false
  }

  close(): void {
    this.stop()
    this.watcher.close()
  }
}
