import type { Lifecycle, LifecycleHandler, PodOS, Probe } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isHttpHeaderName, isPortName, isPortNumber } from '../formats.ts'
import { nonNegative } from '../rules.ts'

/** Liveness and startup probes succeed once; readiness probes do not end the container. */
export function validateProbe(
  probe: Probe | undefined,
  kind: 'liveness' | 'readiness' | 'startup',
  field: Field,
): void {
  if (!probe) return
  validateHandler(probe, undefined, field)
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const)
    nonNegative(probe[name], field.at(name))
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0)
    field.at('terminationGracePeriodSeconds').invalid(grace, 'must be greater than 0')
  if (kind === 'readiness') {
    if (grace !== undefined)
      field.at('terminationGracePeriodSeconds').invalid(grace, 'must not be set for readinessProbes')
  } else if (probe.successThreshold !== 1)
    field.at('successThreshold').invalid(probe.successThreshold ?? 0, 'must be 1')
}

export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  gracePeriod: number | undefined,
  os: PodOS | undefined,
  field: Field,
): void {
  if (!lifecycle) return
  const { postStart, preStop, stopSignal } = lifecycle
  if (postStart) validateHandler(postStart, gracePeriod, field.at('postStart'))
  if (preStop) validateHandler(preStop, gracePeriod, field.at('preStop'))
  if (stopSignal === undefined) return
  const at = field.at('stopSignal')
  if (!os) at.forbidden('may not be set for containers with empty `spec.os.name`')
  else {
    const supported = os.name === 'windows' ? ['SIGKILL', 'SIGTERM'] : linuxSignals
    if (!supported.includes(stopSignal)) at.notSupported(stopSignal, supported)
  }
}

const linuxSignals = [
  ...'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT'.split(' '),
  'RTMAX',
  ...[1, 10, 11, 12, 13, 14, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `RTMAX-${n}`),
  'RTMIN',
  ...[1, 10, 11, 12, 13, 14, 15, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `RTMIN+${n}`),
  ...'SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'.split(' '),
].map((name) => `SIG${name}`)

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>

function validateHandler(handler: Handler, gracePeriod: number | undefined, field: Field): void {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  const given = Object.entries({ exec, httpGet, tcpSocket, grpc, sleep }).filter(([, value]) => value)
  for (const [name] of given.slice(1)) field.at(name).forbidden('may not specify more than 1 handler type')
  const [first] = given
  if (!first) {
    field.required('must specify a handler type')
    return
  }
  const at = field.at(first[0])
  switch (first[0]) {
    case 'exec':
      if (!exec?.command?.length) at.at('command').required()
      return
    case 'httpGet': {
      if (!httpGet) return
      if (!httpGet.path) at.at('path').required()
      validatePort(httpGet.port, at.at('port'))
      if (httpGet.scheme !== 'HTTP' && httpGet.scheme !== 'HTTPS')
        at.at('scheme').notSupported(httpGet.scheme ?? '', ['HTTP', 'HTTPS'])
      for (const { name } of httpGet.httpHeaders ?? [])
        at.at('httpHeaders').check(name, isHttpHeaderName(name))
      return
    }
    case 'tcpSocket':
      if (tcpSocket) validatePort(tcpSocket.port, at.at('port'))
      return
    case 'grpc':
      if (grpc) validatePort(grpc.port, at.at('port'))
      return
    case 'sleep':
      if (sleep && gracePeriod !== undefined && (sleep.seconds < 0 || sleep.seconds > gracePeriod))
        at.invalid(
          sleep.seconds,
          `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`,
        )
  }
}

/** A port by its number or name. */
export function validatePort(port: number | string, field: Field): void {
  field.check(port, typeof port === 'number' ? isPortNumber(port) : isPortName(port))
}
