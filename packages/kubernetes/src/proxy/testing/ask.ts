import { createSocket } from 'node:dgram'
import { connect } from 'node:net'

/*
 * Asks for questions on standard input, one per line: `tcp|udp HOST PORT [FROM-PORT]`, and writes for each what the server
 * said, `refused`, or `silence` after a while.
 */
const patienceMs = 400

async function ask(protocol: string, host: string, port: number, from: number): Promise<string> {
  return protocol === 'udp' ? askUdp(host, port, from) : askTcp(host, port)
}

function askTcp(host: string, port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect({ host, port })
  const timer = setTimeout(() => resolve('silence'), patienceMs)
  socket.on('data', (data) => resolve(data.toString()))
  socket.on('error', (error: NodeJS.ErrnoException) => {
    resolve(error.code === 'ECONNREFUSED' ? 'refused' : `${error.code}`)
  })
  return promise.finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}

function askUdp(host: string, port: number, from: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = createSocket('udp4')
  const timer = setTimeout(() => resolve('silence'), patienceMs)
  socket.on('message', (data) => resolve(data.toString()))
  socket.on('error', (error: NodeJS.ErrnoException) => {
    resolve(error.code === 'ECONNREFUSED' ? 'refused' : `${error.code}`)
  })
  socket.bind(from, () => socket.connect(port, host, () => socket.send('?')))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.close()
  })
}

let pending = ''
process.stdin.on('data', async (chunk: Buffer) => {
  pending += chunk
  const lines = pending.split('\n')
  pending = lines.pop() ?? ''
  for (const line of lines) {
    const [protocol = '', host = '', port = '', from = '0'] = line.split(' ')
    process.stdout.write(`${await ask(protocol, host, Number(port), Number(from))}\n`)
  }
})
