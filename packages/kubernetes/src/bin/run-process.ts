import { readFileSync, writeSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createLogger, type Logger } from '../log.ts'

export interface ProcessParts<Config> {
  /** For the usage line. */
  name: string
  /** Where compiled code is kept unless $NODE_COMPILE_CACHE says otherwise. */
  cacheParent(config: Config): string
  /** Resolves when the process does its work; `ready` is what the starter is told with it. */
  start(config: Config, log: Logger): Promise<{ ready: string; stop(): Promise<void> }>
}

/**
 * Runs a part of the cluster as a process: reads the JSON file that `--config` names, starts, writes `READY …` to the
 * descriptor in $NOTIFY_FD, and stops in order at SIGTERM or SIGINT. Exits 1 when it cannot start, 2 without `--config`.
 */
export async function runProcess<Config>({ name, cacheParent, start }: ProcessParts<Config>): Promise<void> {
  const log = createLogger((line) => process.stderr.write(line))
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  if (!values.config) {
    process.stderr.write(`usage: ${name} --config FILE\n`)
    process.exit(2)
  }
  try {
    const config = JSON.parse(readFileSync(values.config, 'utf8')) as Config
    // From the second start on, nothing has to be compiled.
    enableCompileCache(process.env.NODE_COMPILE_CACHE ?? join(cacheParent(config), 'compile-cache'))
    const running = await start(config, log)
    log.info('ready', { as: running.ready, ms: Math.round(performance.now()) })
    if (process.env.NOTIFY_FD) writeSync(Number(process.env.NOTIFY_FD), `READY ${running.ready}\n`)
    let stopping = false
    const stop = async (): Promise<void> => {
      if (stopping) return
      stopping = true
      await running.stop()
      process.exit(0)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  } catch (error) {
    log.error('cannot start', { error: (error as Error).message })
    process.stderr.write(`${(error as Error).stack}\n`)
    process.exit(1)
  }
}
