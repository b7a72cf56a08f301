import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createLogger } from '@minikube-ts/kubernetes/log.ts'
import { messageOf } from '../../error.ts'
import { serveControl } from './control-server.ts'
import type { SupervisorConfig } from './protocol.ts'
import { Supervisor } from './supervisor.ts'

/** The supervisor process: `--config FILE`; standard error is its log. */
const file = process.argv[process.argv.indexOf('--config') + 1]
if (!process.argv.includes('--config') || !file) {
  process.stderr.write('usage: supervisor --config FILE\n')
  process.exit(14)
}
const config = JSON.parse(readFileSync(file, 'utf8')) as SupervisorConfig
const log = createLogger((line) => process.stderr.write(line), 'supervisor')
try {
  mkdirSync(config.runDir, { recursive: true, mode: 0o700 })
  const supervisor = new Supervisor(config, log)
  const exit = (): void => {
    supervisor.end()
    rmSync(config.socket, { force: true })
    log.info('ends')
    process.exit(0)
  }
  await serveControl(supervisor, config.socket, exit)
  let ending = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (ending) return
      ending = true
      log.info('stops everything', { signal })
      supervisor.stop().then(exit, (error: unknown) => {
        log.error('cannot stop', { error: messageOf(error) })
        process.exit(1)
      })
    })
  }
  process.on('SIGHUP', () => {})
  await supervisor.begin()
} catch (error) {
  log.error('cannot run', { error: messageOf(error) })
  process.exit(1)
}
