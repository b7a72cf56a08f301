import { createServer } from 'node:net'
import { codeOf, MinikubeError } from '../error.ts'
import type { Cluster } from './cluster.ts'

/** Throws when another program listens where this cluster is to. */
export async function refuseTakenPorts(cluster: Cluster): Promise<void> {
  const { apiServerPort, kubeletPort, listenAddresses } = cluster.network
  const taken = await Promise.all([
    ...['127.0.0.1', ...listenAddresses].map((address) => isTaken(address, apiServerPort)),
    isTaken('127.0.0.1', kubeletPort),
  ])
  if (taken.slice(0, -1).includes(true)) {
    throw new MinikubeError(
      'IF_PORT_TAKEN',
      `another program listens on port ${apiServerPort}, which the API server is to have`,
      {
        advice: `End it ('ss -ltnp sport = :${apiServerPort}' shows it), or choose another port with --apiserver-port.`,
      },
    )
  }
  if (taken.at(-1)) {
    throw new MinikubeError(
      'IF_PORT_TAKEN',
      `another program listens on port ${kubeletPort}, which the kubelet is to have`,
      {
        advice: `Another Kubernetes may run on this machine ('ss -ltnp sport = :${kubeletPort}' shows it): stop that first.`,
      },
    )
  }
}

function isTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => {
      if (codeOf(error) === 'EADDRINUSE') resolve(true)
      else if (codeOf(error) === 'EADDRNOTAVAIL') {
        reject(
          new MinikubeError('IF_HOST_IP', `this machine does not have the address ${host}`, {
            advice: 'Give an address of this machine to --listen-address and --apiserver-ips, or none.',
          }),
        )
      } else reject(error)
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(false)))
  })
}
