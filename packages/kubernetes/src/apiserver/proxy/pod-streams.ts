import { ApiError } from '../../api/api-error.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { UpgradeTarget } from '../../streaming/upgrade/upgrade-target.ts'
import type { Auth } from '../auth/auth.ts'
import type { ApiRequest } from '../http/api-request.ts'
import { attributesOf, isTrue } from '../http/request-info.ts'
import type { ConnectHandler } from '../http/resource-handler.ts'
import type { Registry, Target } from '../registry/registry.ts'
import { connectContext } from './connect-context.ts'
import type { KubeletConnection } from './kubelet-connection.ts'
import { containerOf } from './pod-container.ts'

interface PodStreamOptions {
  registry: Registry
  kubelets: KubeletConnection
  auth: Pick<Auth, 'authorize'>
}

/** `pods/exec` and `pods/attach`. */
export function podCommandHandler(which: 'exec' | 'attach', options: PodStreamOptions): ConnectHandler {
  return async (request, target) => {
    const { query } = request
    const flags = ['stdin', 'stdout', 'stderr', 'tty'].filter((flag) => isTrue(query.get(flag)))
    const command = query.getAll('command')
    const body = {
      apiVersion: 'v1',
      kind: which === 'exec' ? 'PodExecOptions' : 'PodAttachOptions',
      ...Object.fromEntries(flags.map((flag) => [flag, true])),
      container: query.get('container') ?? '',
      ...(which === 'exec' && { command }),
    }
    const pod = await admitted(request, target, body, options)
    const container = containerOf(pod, body.container)
    const kubelet = new URLSearchParams()
    for (const flag of flags)
      kubelet.append({ stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' }[flag]!, '1')
    if (which === 'exec') for (const word of command) kubelet.append('command', word)
    const path = `/${which}/${pod.metadata.namespace}/${pod.metadata.name}/${container}`
    const streaming = await import('../../streaming/remote-command/translate-remote-command.ts')
    const kubeletTarget = options.kubelets.target(nodeOf(pod), path, kubelet.toString())
    const { socket, head } = takeOver(request)
    if (streaming.needsTranslation(request.message)) {
      const has = (flag: string) => flags.includes(flag)
      const wanted = {
        stdin: has('stdin'),
        stdout: has('stdout'),
        stderr: has('stderr') && !has('tty'),
        tty: has('tty'),
      }
      return streaming.translateRemoteCommand(request.message, socket, head, kubeletTarget, wanted)
    }
    return pass(request, kubeletTarget, socket, head)
  }
}

/** `pods/portforward`. */
export function podPortForwardHandler(options: PodStreamOptions): ConnectHandler {
  return async (request, target) => {
    const ports = request.query.getAll('ports').flatMap((list) => list.split(',').map(Number))
    const body = { apiVersion: 'v1', kind: 'PodPortForwardOptions', ...(ports.length > 0 && { ports }) }
    const pod = await admitted(request, target, body, options)
    const path = `/portForward/${pod.metadata.namespace}/${pod.metadata.name}`
    const query = ports.length > 0 ? new URLSearchParams({ port: ports.join(',') }).toString() : ''
    const kubeletTarget = options.kubelets.target(nodeOf(pod), path, query)
    const tunnel = await import('../../streaming/websocket/tunnel-web-socket.ts')
    const { socket, head } = takeOver(request)
    if (!tunnel.isTunnel(request.message)) return pass(request, kubeletTarget, socket, head)
    return tunnel.tunnelWebSocket(request.message, socket, head, kubeletTarget, {
      rawHeaders: withoutCredentials(request.message.rawHeaders),
    })
  }
}

async function admitted(
  request: ApiRequest,
  target: Target,
  options: KubeObject,
  { registry, auth }: PodStreamOptions,
): Promise<StoredKubeObject & Pod> {
  // WebSockets start with a GET; what they do is a create all the same.
  if (request.info.verb !== 'create') {
    await auth.authorize({ ...attributesOf({ ...request.info, verb: 'create' }), user: request.user })
  }
  const pod = (await registry.get(target)) as StoredKubeObject & Pod
  await registry.admitConnect(target, options, connectContext(request, options))
  return pod
}

function nodeOf(pod: Pod): string {
  const { nodeName } = pod.spec ?? {}
  if (!nodeName) throw ApiError.badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
  return nodeName
}

function takeOver(request: ApiRequest): ReturnType<NonNullable<ApiRequest['takeOver']>> {
  if (!request.takeOver) throw new ApiError('BadRequest', 'Upgrade request required')
  return request.takeOver()
}

async function pass(
  { message }: ApiRequest,
  target: UpgradeTarget,
  socket: ReturnType<typeof takeOver>['socket'],
  head: Buffer,
): Promise<void> {
  const { upgradeProxy } = await import('../../streaming/upgrade/upgrade-proxy.ts')
  await upgradeProxy(message, socket, head, target, { rawHeaders: withoutCredentials(message.rawHeaders) })
}

/** A kubelet trusts us, not the client. */
export function withoutCredentials(rawHeaders: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (/^(authorization|impersonate-.*)$/i.test(rawHeaders[at]!)) continue
    kept.push(rawHeaders[at]!, rawHeaders[at + 1]!)
  }
  return kept
}
