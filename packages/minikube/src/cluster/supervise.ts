import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { MinikubeError, messageOf } from '../error.ts'
import type { SupervisorConfig } from '../node/supervisor/protocol.ts'
import { waitForSocket } from '../node/supervisor/wait-for-socket.ts'
import type { ServiceSpec } from '../runtimes/runtime.ts'
import type { Cluster } from './cluster.ts'
import { isRunning } from './is-running.ts'
import { unitFile, unitName, unitPath, usesSystemd } from './service-unit.ts'

const bootPatience = 15_000

/**
 * Makes sure that a supervisor of this build runs; it begins with the services that the cluster had last, so that what
 * survived its supervisor goes on. Resolves when it takes requests.
 */
export async function ensureSupervisor(
  cluster: Cluster,
  argv: readonly string[],
  base: SupervisorConfig,
  signal: AbortSignal,
): Promise<void> {
  const running = await cluster.supervisor.status()
  if (running?.config.build === base.build) return
  if (running) await cluster.supervisor.leave()
  const { layout, node } = cluster
  const begin = { ...base, services: await lastServices(cluster, base.build) }
  await node.writeFiles([
    { path: layout.supervisorConfig, content: serialise(begin), mode: 0o600 },
    { path: `${layout.engine}/supervise`, content: script(argv, layout.supervisorConfig), mode: 0o755 },
  ])
  const patience = AbortSignal.any([signal, AbortSignal.timeout(bootPatience)])
  const failed = new AbortController()
  const up = waitForSocket(layout.supervisorSocket, AbortSignal.any([patience, failed.signal]))
  if (usesSystemd()) {
    const name = unitName(cluster.profile.Name)
    await node.writeFiles([{ path: unitPath(cluster.profile.Name), content: unitFile(cluster) }])
    await node.run(['systemctl', 'daemon-reload'])
    await node.run(['systemctl', 'enable', '--quiet', name])
    await node.run(['systemctl', 'restart', name])
  } else {
    const child = detach([...argv, '--config', layout.supervisorConfig], layout.logs)
    child.once('exit', (code) => failed.abort(new Error(`it exited with code ${code}`)))
    child.once('error', (error) => failed.abort(error))
  }
  try {
    ;(await up).destroy()
  } catch (error) {
    signal.throwIfAborted()
    throw new MinikubeError('GUEST_START', `the supervisor does not start: ${messageOf(error)}`, {
      advice: `Its log is ${layout.logs}/supervisor.log.`,
    })
  }
}

/** None when another build ran them and nothing of it runs any more: they would be started only to be replaced. */
async function lastServices(cluster: Cluster, build: string): Promise<ServiceSpec[]> {
  const text = await cluster.node.readFile(cluster.layout.supervisorConfig)
  if (!text) return []
  const last = JSON.parse(text.toString()) as SupervisorConfig
  return last.build === build || (await isRunning(cluster)) ? last.services : []
}

/** Gives the supervisor what to run, and keeps that for the next one. */
export async function applyServices(cluster: Cluster, config: SupervisorConfig): Promise<void> {
  await cluster.node.writeFiles([
    { path: cluster.layout.supervisorConfig, content: serialise(config), mode: 0o600 },
  ])
  await cluster.supervisor.apply(config)
}

function serialise(config: SupervisorConfig): string {
  return `${JSON.stringify(config, undefined, 2)}\n`
}

/** What the systemd unit starts: the unit's own text need not change with every build. */
function script(argv: readonly string[], config: string): string {
  return `#!/bin/sh\nexec ${[...argv, '--config', config].map((word) => `'${word}'`).join(' ')}\n`
}

/** A process in a session of its own, with a log of its own; nothing of this command line hangs on it. */
function detach(argv: readonly string[], logs: string): ChildProcess {
  mkdirSync(logs, { recursive: true })
  const log = openSync(`${logs}/supervisor.log`, 'a', 0o640)
  try {
    const child = spawn(argv[0]!, argv.slice(1), {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: serviceEnvironment(process.env),
    })
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

/** What services inherit: no terminal's settings, but proxies; and system programs are found. */
function serviceEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = [
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
  ]
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
    ...Object.fromEntries(kept.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
  }
}
