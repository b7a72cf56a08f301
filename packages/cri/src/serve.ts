import type { Init } from './call.ts'
import { type Messages, messages, methods } from './generated/runtime-v1.ts'
import { type GrpcHandler, GrpcServer } from './grpc/server.ts'
import type { MessageType } from './protobuf/message-type.ts'

type Methods = typeof methods

/** A server's side of one CRI method. What it throws becomes the call's status: {@link CriError} with its code. */
type Handler<Name extends keyof Methods> = (
  request: Messages[Methods[Name][1]],
  signal: AbortSignal,
) => Methods[Name][3] extends true
  ? AsyncIterable<Init<Messages[Methods[Name][2]]>>
  : Promise<Init<Messages[Methods[Name][2]]>>

/** The methods of CRI that a server has; the others are `Unimplemented`. */
export type CriHandlers = { [Name in keyof Methods]?: Handler<Name> }

/** Serves CRI v1 on the unix socket, the opposite of `connectCri`. Close the result to stop. */
export async function serveCri(socket: string, handlers: CriHandlers): Promise<GrpcServer> {
  const byPath = new Map<string, GrpcHandler>()
  for (const [name, handler] of Object.entries(handlers)) {
    const [path, requestName, responseName, streams] = methods[name as keyof Methods]
    const request = messages(requestName) as MessageType<object>
    const response = messages(responseName) as MessageType<object>
    const call = handler as (request: object, signal: AbortSignal) => AsyncIterable<object> | Promise<object>
    byPath.set(path, async function* (bytes, signal) {
      const answers = call(request.decode(bytes), signal)
      if (streams) for await (const answer of answers as AsyncIterable<object>) yield response.encode(answer)
      else yield response.encode(await (answers as Promise<object>))
    })
  }
  const server = new GrpcServer(byPath)
  await server.listen(socket)
  return server
}
