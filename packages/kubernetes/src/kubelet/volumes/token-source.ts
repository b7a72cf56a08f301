import { parseTime } from '../../api/time.ts'
import type { TokenRequest } from '../../api/types/authentication-v1.ts'
import type { Client } from '../../client/client.ts'
import { serviceAccounts } from '../../client/resources.ts'
import type { NodePod } from '../pods/node-pod.ts'

/** A token is replaced when a fifth of its life is left, or after a day. */
const share = 0.8
const longestMs = 24 * 3_600_000
const retryMs = 10_000
const longestTimerMs = 2 ** 31 - 1

interface Token {
  value: string
  /** When to get the next, milliseconds since the epoch. */
  renewAt: number
  expiresAt: number
}

/**
 * Tokens of pods' service accounts, bound to the pod, asked for through TokenRequest and kept until they must be renewed.
 * `onDue` is told the pod's uid when that is so.
 */
export class TokenSource {
  private readonly client: Client | undefined
  private readonly onDue: (uid: string) => void
  private readonly tokens = new Map<string, Map<string, Token>>()
  private readonly timers = new Map<string, NodeJS.Timeout>()

  constructor(client: Client | undefined, onDue: (uid: string) => void) {
    this.client = client
    this.onDue = onDue
  }

  /** @throws ApiError when there is no valid token and none can be had */
  async token(pod: NodePod, audience: string | undefined, expirationSeconds: number): Promise<string> {
    const { uid } = pod.metadata
    const key = JSON.stringify([pod.spec.serviceAccountName, audience, expirationSeconds])
    const known = this.tokens.get(uid)?.get(key)
    const now = Date.now()
    if (known && now < known.renewAt) return known.value
    try {
      const token = await this.request(pod, audience, expirationSeconds)
      const own = this.tokens.get(uid) ?? new Map<string, Token>()
      this.tokens.set(uid, own.set(key, token))
      this.schedule(uid)
      return token.value
    } catch (error) {
      if (!known || now >= known.expiresAt) throw error
      known.renewAt = now + retryMs
      this.schedule(uid)
      return known.value
    }
  }

  forget(uid: string): void {
    clearTimeout(this.timers.get(uid))
    this.timers.delete(uid)
    this.tokens.delete(uid)
  }

  stop(): void {
    for (const uid of this.tokens.keys()) this.forget(uid)
  }

  private async request(
    pod: NodePod,
    audience: string | undefined,
    expirationSeconds: number,
  ): Promise<Token> {
    if (!this.client) throw new Error('cannot get a token without an API server')
    const { name, namespace, uid } = pod.metadata
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    }
    const began = Date.now()
    const account = pod.spec.serviceAccountName ?? 'default'
    const { status } = await this.client.create<TokenRequest>(serviceAccounts, namespace, request, {
      subresource: 'token',
      name: account,
    })
    const expiresAt = parseTime(status?.expirationTimestamp) ?? began + expirationSeconds * 1000
    const life = expiresAt - began
    return { value: status?.token ?? '', expiresAt, renewAt: began + Math.min(life * share, longestMs) }
  }

  private schedule(uid: string): void {
    clearTimeout(this.timers.get(uid))
    const renewals = [...(this.tokens.get(uid)?.values() ?? [])].map(({ renewAt }) => renewAt)
    const wait = Math.max(0, Math.min(...renewals) - Date.now())
    const timer = setTimeout(() => this.onDue(uid), Math.min(wait, longestTimerMs))
    this.timers.set(uid, timer)
  }
}
