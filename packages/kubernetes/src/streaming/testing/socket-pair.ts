import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Two ends of a TCP connection on loopback. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const client = connect({ port: (server.address() as { port: number }).port, allowHalfOpen: true })
  const [other] = (await accepted) as [Socket]
  await (client.connecting ? once(client, 'connect') : Promise.resolve())
  server.close()
  return [client, other]
}
