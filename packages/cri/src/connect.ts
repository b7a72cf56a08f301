import type { CallOptions } from './call.ts'
import type { CriClient } from './cri-client.ts'
import { messages, methods } from './generated/runtime-v1.ts'
import { GrpcChannel } from './grpc/channel.ts'
import type { MessageType } from './protobuf/message-type.ts'

/** A client of the runtime behind a unix socket (path or `unix://` URL). Connects when first called. */
export function connectCri(socket: string): CriClient {
  return criOver(new GrpcChannel(socket))
}

/** A client over a channel that is shared with other services of the same socket (containerd's events). */
export function criOver(channel: GrpcChannel): CriClient {
  const client: Record<string, unknown> = { close: () => channel.close() }
  for (const [name, [path, requestName, responseName, streams]] of Object.entries(methods)) {
    const request = messages(requestName) as MessageType<object>
    const response = messages(responseName) as MessageType<object>
    client[name] = streams
      ? async function* (message: object, options?: CallOptions) {
          for await (const bytes of channel.stream(path, request.encode(message), options)) {
            yield response.decode(bytes)
          }
        }
      : async (message: object, options?: CallOptions) =>
          response.decode(await channel.unary(path, request.encode(message), options))
  }
  return client as unknown as CriClient
}
