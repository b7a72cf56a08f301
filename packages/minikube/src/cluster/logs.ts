import { createReadStream, watch } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Cluster } from './cluster.ts'

/** The logs of a cluster's services, in the order in which one reads them. */
export const logServices = ['supervisor', 'control-plane', 'node', 'containerd'] as const

/** Lines that are likely to say what is wrong. */
const problems =
  /\b(E |error|fail(ed|ure)?|panic|fatal|refused|denied|cannot|timed? ?out|no space|killed|crash)/i

/** The last `lines` lines of a service's log; undefined when there is none. */
export async function tailLog(
  cluster: Cluster,
  service: string,
  lines: number,
): Promise<string[] | undefined> {
  const path = logPath(cluster, service)
  const size = (await stat(path).catch(() => undefined))?.size
  if (size === undefined) return undefined
  // A line of a log is seldom longer than this.
  const start = Math.max(0, size - lines * 400)
  const content = await text(createReadStream(path, { start }))
  return content.trimEnd().split('\n').slice(-lines)
}

export function isProblem(line: string): boolean {
  return problems.test(line)
}

/** Calls back for what is appended to the logs from now on, until the signal. */
export async function followLogs(
  cluster: Cluster,
  signal: AbortSignal,
  write: (service: string, chunk: string) => void,
): Promise<void> {
  const offsets = new Map<string, number>()
  for (const service of logServices)
    offsets.set(service, (await stat(logPath(cluster, service)).catch(() => undefined))?.size ?? 0)
  let queue = Promise.resolve()
  const read = async (service: string): Promise<void> => {
    const file = await open(logPath(cluster, service)).catch(() => undefined)
    if (!file) return
    try {
      const { size } = await file.stat()
      const seen = offsets.get(service) ?? 0
      // A log that became shorter was rotated.
      const from = size < seen ? 0 : seen
      const buffer = Buffer.alloc(size - from)
      await file.read(buffer, 0, buffer.length, from)
      offsets.set(service, size)
      if (buffer.length > 0) write(service, buffer.toString())
    } finally {
      await file.close()
    }
  }
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(cluster.layout.logs, (_event, name) => {
      const service = logServices.find((each) => name === `${each}.log`)
      if (service) queue = queue.then(() => read(service))
    })
    watcher.once('error', reject)
    signal.addEventListener('abort', () => {
      watcher.close()
      resolve()
    })
  })
}

function logPath(cluster: Cluster, service: string): string {
  return join(cluster.layout.logs, `${service}.log`)
}
