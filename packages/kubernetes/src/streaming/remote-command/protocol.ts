/** Versions of the remote command protocol over SPDY, best first. v4 brought the exit code as a Status. */
export const spdyProtocols = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
] as const

/** Over WebSocket: channels by number, and v5 with a signal that closes one of them. */
export const webSocketProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const

/** Channel numbers of WebSocket sessions. */
export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** Header with the protocols that a SPDY client offers and a server picks from. */
export const protocolHeader = 'X-Stream-Protocol-Version'

export interface TerminalSize {
  width: number
  height: number
}

/** What a session carries. */
export interface RemoteCommandStreams {
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
}

/** From the query of an exec or attach request; booleans as Kubernetes' URLs spell them. */
export function streamsOf(query: URLSearchParams): RemoteCommandStreams {
  const wanted = (name: string): boolean =>
    ['1', 'true', 'True', 'TRUE', 't', 'T'].includes(query.get(name) ?? '')
  const tty = wanted('tty')
  // CRI's and kubelet's own URLs say `input`, `output` and `error`.
  return {
    stdin: wanted('stdin') || wanted('input'),
    stdout: wanted('stdout') || wanted('output'),
    // A terminal has one output.
    stderr: !tty && (wanted('stderr') || wanted('error')),
    tty,
  }
}

/** Values of a header that may be repeated or hold a list. */
export function listedValues(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '')
}
