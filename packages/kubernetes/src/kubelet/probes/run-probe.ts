import { connect } from 'node:net'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { CriError, isCriCode } from '@minikube-ts/cri/cri-error.ts'
import { formatDuration } from '../../api/duration.ts'
import type { Container, Probe } from '../../api/types/core-v1.ts'
import { actionUrl, type HttpAnswer, httpGet, resolvePort } from '../containers/http-action.ts'
import { expandVariables } from '../environment/expand.ts'

export interface ProbeOutcome {
  result: 'success' | 'warning' | 'failure'
  /** What an event about it says. */
  output: string
}

export interface ProbeRun {
  cri: CriClient
  probe: Probe
  container: Container
  containerId: string
  podIP: string
  signal: AbortSignal
}

/** Asks a container once how it is. @throws Error when it could not even be asked */
export async function runProbe(run: ProbeRun): Promise<ProbeOutcome> {
  const { probe } = run
  const timeout = (probe.timeoutSeconds ?? 1) * 1000
  if (probe.exec) return probeExec(run, timeout)
  if (probe.httpGet) return probeHttp(run, timeout)
  if (probe.tcpSocket) {
    const port = resolvePort(probe.tcpSocket.port, run.container)
    return probeTcp(probe.tcpSocket.host || run.podIP, port, timeout, run.signal)
  }
  if (probe.grpc) {
    const { probeGrpc } = await import('./probe-grpc.ts')
    return probeGrpc(run.podIP, probe.grpc, timeout, run.signal)
  }
  throw new Error('missing probe handler')
}

async function probeExec(run: ProbeRun, timeout: number): Promise<ProbeOutcome> {
  const { cri, container, containerId, signal } = run
  const plain = new Map((container.env ?? []).map(({ name, value }) => [name, value ?? '']))
  const cmd = (run.probe.exec?.command ?? []).map((text) => expandVariables(text, (name) => plain.get(name)))
  try {
    const answer = await cri.execSync(
      { containerId, cmd, timeout: timeout / 1000 },
      { signal, timeout: timeout + 120_000 },
    )
    const output = Buffer.concat([answer.stdout, answer.stderr]).toString()
    return { result: answer.exitCode === 0 ? 'success' : 'failure', output }
  } catch (error) {
    const timedOut =
      isCriCode(error, 'DeadlineExceeded') ||
      (error instanceof CriError && /timed out|timeout .* exceeded/.test(error.message))
    if (!timedOut) throw error
    const output = `command timed out: "${cmd.join(' ')}" timed out after ${formatDuration(timeout)}`
    return { result: 'failure', output }
  }
}

const maxRedirects = 10

async function probeHttp(run: ProbeRun, timeout: number): Promise<ProbeOutcome> {
  const action = run.probe.httpGet!
  let url = actionUrl(action, run.container, run.podIP)
  const { hostname } = url
  const limit = AbortSignal.timeout(timeout)
  const signal = AbortSignal.any([run.signal, limit])
  try {
    for (let redirects = 0; ; redirects++) {
      const answer = await httpGet(action, url, 'probe', signal)
      const next = redirectOf(answer)
      if (!next || next.hostname !== hostname) return judge(answer)
      if (redirects + 1 >= maxRedirects) {
        return { result: 'failure', output: `Get "${next}": stopped after 10 redirects` }
      }
      url = next
    }
  } catch (error) {
    run.signal.throwIfAborted()
    const why = limit.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : goNetError(error as NodeJS.ErrnoException, url.hostname, Number(url.port))
    return { result: 'failure', output: `Get "${url}": ${why}` }
  }
}

function redirectOf({ status, location, url }: HttpAnswer): URL | undefined {
  return location && [301, 302, 303, 307, 308].includes(status) ? new URL(location, url) : undefined
}

function judge({ status, body }: HttpAnswer): ProbeOutcome {
  if (status >= 200 && status < 300) return { result: 'success', output: body }
  if (status >= 300 && status < 400) {
    return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` }
  }
  return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` }
}

function probeTcp(host: string, port: number, timeout: number, signal: AbortSignal): Promise<ProbeOutcome> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal })
    socket.setTimeout(timeout)
    const fail = (why: string): void => resolve({ result: 'failure', output: why })
    socket.once('connect', () => {
      socket.destroy()
      resolve({ result: 'success', output: '' })
    })
    socket.once('timeout', () => {
      socket.destroy()
      fail(`dial tcp ${address(host, port)}: i/o timeout`)
    })
    socket.once('error', (error) => (signal.aborted ? reject(error) : fail(goNetError(error, host, port))))
  })
}

const texts: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
}

/** As Go's net package words it. */
export function goNetError(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'ECONNRESET')
    return /hang up/.test(error.message) ? 'EOF' : 'read: connection reset by peer'
  const text = texts[error.code ?? '']
  return text ? `dial tcp ${address(host, port)}: ${text}` : error.message
}

function address(host: string, port: number): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}
