import { CriError } from '@minikube-ts/cri/cri-error.ts'
import { ApiError } from '../../api/api-error.ts'
import { type RemoteCommandStreams, streamsOf } from '../../streaming/remote-command/protocol.ts'
import {
  needsTranslation,
  translateRemoteCommand,
} from '../../streaming/remote-command/translate-remote-command.ts'
import { upgradeProxy } from '../../streaming/upgrade/upgrade-proxy.ts'
import { isWebSocket } from '../../streaming/websocket/accept-web-socket.ts'
import { isTunnel, tunnelWebSocket } from '../../streaming/websocket/tunnel-web-socket.ts'
import { findContainer } from '../pods/node-pod.ts'
import type { KubeletHandler, KubeletRequest } from './kubelet-request.ts'
import { podAndContainer, podOnly } from './pod-path.ts'
import { readySandbox, runningContainer } from './running-container.ts'
import type { KubeletServerOptions } from './start-kubelet-server.ts'

/** How long the runtime keeps the URL of a stream that nobody has come for. */
const streamUrlSeconds = 60

/** exec, attach, run and portForward: the runtime serves the streams, the kubelet finds it and passes them through. */
export function streamHandlers({ source, cri }: KubeletServerOptions): Record<string, KubeletHandler> {
  return {
    async exec(request) {
      const streams = wantedStreams(request)
      const { pod, container } = podAndContainer(source, request)
      const url = await fromRuntime(async () => {
        const containerId = await runningContainer(cri, pod.metadata.uid, container)
        if (!containerId) throw new ApiError('InternalError', `container not found ("${container}")`)
        return (await cri.exec({ containerId, cmd: request.query.getAll('command'), ...streams })).url
      })
      await passCommand(request, url, streams)
    },
    async attach(request) {
      const streams = wantedStreams(request)
      const { pod, container } = podAndContainer(source, request)
      // Whether there is a terminal was decided when the container started.
      const tty = findContainer(pod.spec, container)?.tty ?? false
      const attached = { ...streams, tty, stderr: streams.stderr && !tty }
      const url = await fromRuntime(async () => {
        const containerId = await runningContainer(cri, pod.metadata.uid, container)
        if (!containerId) {
          const { name, namespace } = pod.metadata
          throw new ApiError('InternalError', `container ${container} not found in pod ${name}_${namespace}`)
        }
        return (await cri.attach({ containerId, ...attached })).url
      })
      await passCommand(request, url, streams)
    },
    async portForward(request) {
      const { message } = request
      const port = isWebSocket(message) && !isTunnel(message) ? wantedPorts(request) : []
      const { metadata } = podOnly(source, request)
      const url = await fromRuntime(async () => {
        const podSandboxId = await readySandbox(cri, metadata.uid)
        if (!podSandboxId) {
          throw new ApiError('InternalError', `pod not found ("${metadata.name}_${metadata.namespace}")`)
        }
        return (await cri.portForward({ podSandboxId, port })).url
      })
      const { socket, head } = takeOver(request)
      const pass = isTunnel(message) ? tunnelWebSocket : upgradeProxy
      await pass(message, socket, head, { url: new URL(url) })
    },
    async run(request) {
      const { pod, container } = podAndContainer(source, request)
      const containerId = await runningContainer(cri, pod.metadata.uid, container)
      if (!containerId) throw new ApiError('InternalError', `container not found ("${container}")`)
      const cmd = (request.query.get('cmd') ?? '').split(' ')
      const { stdout, stderr, exitCode } = await cri.execSync(
        { containerId, cmd },
        { signal: request.signal },
      )
      const output = Buffer.concat([stdout, stderr])
      if (exitCode !== 0) {
        throw new ApiError('InternalError', `command '${cmd.join(' ')}' exited with ${exitCode}: ${output}`)
      }
      request.response.setHeader('content-type', 'application/json')
      request.response.end(output)
    },
  }
}

function wantedStreams({ query }: KubeletRequest): RemoteCommandStreams {
  const streams = streamsOf(query)
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw ApiError.badRequest('you must specify at least 1 of stdin, stdout, stderr')
  }
  return streams
}

function wantedPorts({ query }: KubeletRequest): number[] {
  const ports = query.getAll('port').flatMap((list) => list.split(','))
  if (ports.length === 0) throw ApiError.badRequest('query parameter "port" is required')
  return ports.map((text) => {
    const port = Number(text)
    if (!/^\d+$/.test(text) || port > 65_535) {
      throw ApiError.badRequest(`unable to parse ${JSON.stringify(text)} as a port`)
    }
    if (port < 1) throw ApiError.badRequest(`port ${JSON.stringify(text)} must be > 0`)
    return port
  })
}

async function passCommand(
  request: KubeletRequest,
  url: string,
  streams: RemoteCommandStreams,
): Promise<void> {
  const { message } = request
  const { socket, head } = takeOver(request)
  const target = { url: new URL(url) }
  if (needsTranslation(message)) return translateRemoteCommand(message, socket, head, target, streams)
  return upgradeProxy(message, socket, head, target)
}

function takeOver(request: KubeletRequest): ReturnType<NonNullable<KubeletRequest['takeOver']>> {
  if (!request.takeOver) throw ApiError.badRequest('Upgrade request required')
  return request.takeOver()
}

/** The runtime's refusals as upstream passes them on. */
async function fromRuntime(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof CriError)) throw error
    const text = error.toGoString()
    if (error.code === 'NotFound') throw new ApiError('NotFound', text)
    if (error.code === 'ResourceExhausted') {
      throw new ApiError('TooManyRequests', text, { retryAfterSeconds: streamUrlSeconds })
    }
    throw new ApiError('InternalError', text)
  }
}
