import type { Duplex } from 'node:stream'

/**
 * Carries bytes both ways with back-pressure until one side ends or breaks; then the other gets what is on its way and is
 * closed as well. Resolves when both are closed; never rejects.
 */
export async function bridge(left: Duplex, right: Duplex): Promise<void> {
  const closed = Promise.all([whenClosed(left), whenClosed(right)])
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    from.on('error', () => to.destroy())
    from.once('close', () => finish(to))
    from.once('end', () => finish(to))
    from.pipe(to)
  }
  await closed
}

/** Closes a side after its last bytes. */
function finish(stream: Duplex): void {
  if (stream.destroyed) return
  if (stream.writableFinished) stream.destroy()
  else stream.end(() => stream.destroy())
}

function whenClosed(stream: Duplex): Promise<void> {
  return stream.closed ? Promise.resolve() : new Promise((resolve) => stream.once('close', resolve))
}
