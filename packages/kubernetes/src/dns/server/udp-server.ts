import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Resolver } from '../resolver.ts'
import type { Listener } from './listener.ts'

/** Answers over UDP. Rejects when the address cannot be had. */
export function listenUdp(resolver: Resolver, address: string, port: number): Promise<Listener> {
  const { promise, resolve, reject } = Promise.withResolvers<Listener>()
  // Many pods ask at once: a bigger buffer keeps bursts from being dropped.
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', recvBufferSize: 1024 * 1024 })
  let open = true
  socket.once('error', reject)
  socket.on('message', (message, { address: client, port: clientPort }) => {
    resolver.answer(message, 'udp').then(
      (response) => {
        // A client that is gone is no trouble of ours.
        if (response && open) socket.send(response, clientPort, client, () => undefined)
      },
      () => undefined,
    )
  })
  socket.bind({ address, port, exclusive: true }, () => {
    socket.off('error', reject)
    socket.on('error', () => undefined)
    resolve({
      port: socket.address().port,
      close() {
        open = false
        return new Promise((closed) => socket.close(() => closed()))
      },
    })
  })
  return promise
}
