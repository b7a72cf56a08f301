import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/* Answers every client over TCP and UDP with a name and the address that the client seems to have. `NAME PORT` */
const [name = '', port = ''] = process.argv.slice(2)

const tcp = createServer((socket) => {
  socket.on('error', () => undefined)
  socket.end(`${name} ${socket.remoteAddress?.replace('::ffff:', '')}`)
})
const udp = createSocket('udp4')
udp.on('message', (_, client) => udp.send(`${name} ${client.address}`, client.port, client.address))
tcp.listen({ port: Number(port), host: '0.0.0.0' }, () => {
  udp.bind(Number(port), '0.0.0.0', () => process.stdout.write('ready\n'))
})
