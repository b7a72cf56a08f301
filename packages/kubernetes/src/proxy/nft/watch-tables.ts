import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface TableEvent {
  readonly action: 'add' | 'delete'
  /** `ip filter` */
  readonly table: string
}

const restartMs = 5_000

/**
 * Reports tables that come and go, whoever does it (`nft flush ruleset`, a firewall that reloads). Costs a small process
 * that sleeps. Returns what ends it.
 */
export function watchTables(listener: (event: TableEvent) => void): () => void {
  let child: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  function start(): void {
    child = spawn('nft', ['monitor', 'tables'], { stdio: ['ignore', 'pipe', 'ignore'] })
    child.on('error', () => undefined)
    child.on('close', () => {
      if (stopped) return
      timer = setTimeout(start, restartMs)
      timer.unref()
    })
    const { stdout } = child
    if (!stdout) return
    createInterface({ input: stdout }).on('line', (line) => {
      const [action, what, ...table] = line.trim().split(' ')
      if (what === 'table' && (action === 'add' || action === 'delete'))
        listener({ action, table: table.join(' ') })
    })
    child.unref()
  }
  start()
  return () => {
    stopped = true
    clearTimeout(timer)
    child?.kill()
  }
}
