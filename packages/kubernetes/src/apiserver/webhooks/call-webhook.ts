import { Agent, type RequestOptions, request } from 'node:https'
import { isIP } from 'node:net'
import type { WebhookTarget } from './webhook-target.ts'

const maxAnswerBytes = 16 << 20
const maxAgents = 64

/** Connections to webhooks are kept, by who is trusted. */
const agents = new Map<string, Agent>()

export interface WebhookCall {
  body: object
  timeoutMs: number
  /** Query parameters to add, e.g. `timeout=10s`. */
  query?: Record<string, string>
}

/**
 * Posts JSON to a webhook and resolves to the JSON that it answers.
 * @throws Error whose message ends Go's way: `context deadline exceeded` after the timeout, the connection's or TLS's problem
 */
export async function callWebhook(target: WebhookTarget, call: WebhookCall): Promise<unknown> {
  const url = new URL(target.url)
  for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value)
  const failed = (why: string): Error => new Error(`Post ${JSON.stringify(url.href)}: ${why}`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const payload = Buffer.from(JSON.stringify(call.body))
  const signal = AbortSignal.timeout(call.timeoutMs)
  const options: RequestOptions = {
    host: target.address ?? host,
    port: target.port ?? (url.port || 443),
    path: url.pathname + url.search,
    // Addresses are checked too, but not sent.
    ...(isIP(host) === 0 && { servername: host }),
    method: 'POST',
    headers: {
      Host: url.host,
      Accept: 'application/json, */*',
      'Content-Type': 'application/json',
      'Content-Length': payload.length,
      'User-Agent': 'kube-apiserver-admission',
    },
    agent: agentFor(target.ca),
    signal,
  }
  const { status, text } = await post(options, payload).catch((error: Error) => {
    throw failed(signal.aborted ? 'context deadline exceeded' : wordConnectionError(error))
  })
  if (status < 200 || status > 299) {
    const detail = text.trim() ? `: ${text.trim().slice(0, 1024)}` : ''
    throw new Error(`an error on the server (${status})${detail} has prevented the request from succeeding`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`couldn't get version/kind; json parse error: ${(error as Error).message}`)
  }
}

interface Answer {
  status: number
  text: string
}

async function post(options: RequestOptions, payload: Buffer): Promise<Answer> {
  try {
    return await send(options, payload)
  } catch (error) {
    // A connection from before, which the webhook has closed meanwhile.
    if (!(error instanceof StaleConnection)) throw error
    return send({ ...options, agent: false, ...tlsOptionsOf(options.agent) }, payload)
  }
}

class StaleConnection extends Error {}

function send(options: RequestOptions, payload: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size > maxAnswerBytes) outgoing.destroy(new Error('the answer is too large'))
        else parts.push(part)
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
      )
      response.on('error', reject)
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      reject(isStale ? new StaleConnection(error.message) : error)
    })
    outgoing.end(payload)
  })
}

function tlsOptionsOf(agent: RequestOptions['agent']): RequestOptions {
  const ca = agent instanceof Agent ? agent.options.ca : undefined
  return ca ? { ca } : {}
}

function agentFor(ca: string | undefined): Agent {
  const key = ca ?? ''
  let agent = agents.get(key)
  if (!agent) {
    if (agents.size >= maxAgents) {
      const [oldest] = agents.keys()
      agents.get(oldest!)?.destroy()
      agents.delete(oldest!)
    }
    agent = new Agent({ keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 4, ...(ca && { ca }) })
    agents.set(key, agent)
  }
  return agent
}

function wordConnectionError(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return 'connect: connection refused'
  if (/^(UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|CERT_SIGNATURE)/.test(code ?? '')) {
    return 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
  }
  return error.message
}
