import { isCriCode } from '@minikube-ts/cri/cri-error.ts'
import { GrpcChannel } from '@minikube-ts/cri/grpc/channel.ts'
import { defineMessages } from '@minikube-ts/cri/protobuf/message-type.ts'
import { formatDuration } from '../../api/duration.ts'
import type { GRPCAction } from '../../api/types/core-v1.ts'
import type { ProbeOutcome } from './run-probe.ts'

const messages = defineMessages<{
  HealthCheckRequest: { service: string }
  HealthCheckResponse: { status: number }
}>({ HealthCheckRequest: 'service:1:string', HealthCheckResponse: 'status:1:int32' })

const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

/** gRPC's health protocol (grpc.health.v1). */
export async function probeGrpc(
  host: string,
  action: GRPCAction,
  timeout: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const channel = new GrpcChannel({ host, port: action.port })
  try {
    const request = messages('HealthCheckRequest').encode({ service: action.service ?? '' })
    const answer = await channel.unary('/grpc.health.v1.Health/Check', request, { timeout, signal })
    const status = statuses[messages('HealthCheckResponse').decode(answer).status] ?? 'UNKNOWN'
    return status === 'SERVING'
      ? { result: 'success', output: 'service healthy' }
      : { result: 'failure', output: `service unhealthy (responded with "${status}")` }
  } catch (error) {
    signal.throwIfAborted()
    return { result: 'failure', output: explain(error as Error, `${host}:${action.port}`, timeout) }
  } finally {
    channel.close()
  }
}

function explain(error: Error, address: string, timeout: number): string {
  const limit = formatDuration(timeout)
  if (isCriCode(error, 'Unimplemented')) {
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.message}`
  }
  if (isCriCode(error, 'DeadlineExceeded')) return `timeout: health rpc did not complete within ${limit}`
  if (isCriCode(error, 'Unavailable')) {
    return `timeout: failed to connect service "${address}" within ${limit}: context deadline exceeded`
  }
  return `error: health rpc probe failed: ${error.message}`
}
