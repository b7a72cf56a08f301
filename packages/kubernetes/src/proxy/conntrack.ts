import { ProgramFailed, run } from './nft/run.ts'

/** Flows to a UDP Service that must not go on: those to its address that do not lead to one of its endpoints. */
export interface UdpFrontend {
  /** `undefined` for a node port, which is there on every address. */
  readonly ip: string | undefined
  readonly port: number
  /** `ip:port` of who serves. */
  readonly endpoints: ReadonlySet<string>
}

/**
 * Forgets UDP flows to endpoints that are gone. A flow lives as long as packets come, so a client that keeps sending from
 * one port would never be led anywhere else. Returns false when there is no `conntrack` program.
 */
export async function forgetStaleFlows(frontends: readonly UdpFrontend[]): Promise<boolean> {
  const byAddress = new Map<string, UdpFrontend>()
  for (const frontend of frontends) byAddress.set(`${frontend.ip ?? '*'}:${frontend.port}`, frontend)
  let listing: string
  try {
    listing = await run('conntrack', ['-L', '-p', 'udp', '-f', 'ipv4', '--dst-nat'])
  } catch (error) {
    if (error instanceof ProgramFailed && error.message.includes('ENOENT')) return false
    throw error
  }
  for (const flow of parseFlows(listing)) {
    const frontend = byAddress.get(`${flow.destination}:${flow.port}`) ?? byAddress.get(`*:${flow.port}`)
    if (!frontend || frontend.endpoints.has(`${flow.replySource}:${flow.replyPort}`)) continue
    const { source, sourcePort, destination, port } = flow
    const match = ['-s', source, '--sport', sourcePort, '-d', destination, '--dport', `${port}`]
    // It may have ended by itself meanwhile.
    await run('conntrack', ['-D', '-p', 'udp', '-f', 'ipv4', ...match]).catch(() => undefined)
  }
  return true
}

interface Flow {
  source: string
  sourcePort: string
  destination: string
  port: number
  replySource: string
  replyPort: string
}

/** Lines like `udp 17 29 src=A dst=B sport=C dport=D [UNREPLIED] src=E dst=F sport=G dport=H mark=0 use=1`. */
export function parseFlows(listing: string): Flow[] {
  return listing.split('\n').flatMap((line) => {
    const values = (key: string) =>
      [...line.matchAll(new RegExp(` ${key}=(\\S+)`, 'g'))].map(([, value]) => value ?? '')
    const [source, replySource] = values('src')
    const [destination] = values('dst')
    const [sourcePort, replyPort] = values('sport')
    const [port] = values('dport')
    if (!source || !replySource || !destination || !sourcePort || !replyPort || !port) return []
    return [{ source, sourcePort, destination, port: Number(port), replySource, replyPort }]
  })
}
