/** How often watchers that asked for bookmarks are told how far they have seen; as upstream's watch cache. */
const interval = 60_000

const listeners = new Set<() => void>()
let timer: NodeJS.Timeout | undefined

/** One timer for all watches, running while there are any. Returns what ends the calls. */
export function onBookmarkTick(listener: () => void): () => void {
  // A function of its own per call: the same listener may be given twice.
  const entry = () => listener()
  listeners.add(entry)
  timer ??= setInterval(() => {
    for (const tick of listeners) tick()
  }, interval).unref()
  return () => {
    listeners.delete(entry)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}
