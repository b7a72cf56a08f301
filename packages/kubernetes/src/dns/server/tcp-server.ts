import { createServer, type Socket } from 'node:net'
import type { Resolver } from '../resolver.ts'
import type { Listener } from './listener.ts'

/** A client that says nothing for this long is let go. */
const idleMs = 10_000
const mostConnections = 256

/** Answers over TCP; a client may send its questions one after the other without waiting. */
export function listenTcp(resolver: Resolver, address: string, port: number): Promise<Listener> {
  const { promise, resolve, reject } = Promise.withResolvers<Listener>()
  const clients = new Set<Socket>()
  const server = createServer((socket) => {
    clients.add(socket)
    socket.on('close', () => clients.delete(socket))
    serve(resolver, socket)
  })
  server.maxConnections = mostConnections
  server.once('error', reject)
  server.listen({ host: address, port }, () => {
    server.off('error', reject)
    server.on('error', () => undefined)
    const bound = server.address()
    resolve({
      port: typeof bound === 'object' && bound ? bound.port : port,
      close() {
        for (const client of clients) client.destroy()
        return new Promise((closed) => server.close(() => closed()))
      },
    })
  })
  return promise
}

function serve(resolver: Resolver, socket: Socket): void {
  let received: Buffer = Buffer.alloc(0)
  socket.setTimeout(idleMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0)
      const message = received.subarray(2, end)
      received = received.subarray(end)
      resolver.answer(message, 'tcp').then(
        (response) => {
          if (!response || socket.destroyed) return
          const length = Buffer.alloc(2)
          length.writeUInt16BE(response.length)
          socket.write(Buffer.concat([length, response]))
        },
        () => socket.destroy(),
      )
    }
  })
}
