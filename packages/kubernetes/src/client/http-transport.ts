import type { Readable } from 'node:stream'

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With query. */
  path: string
  headers: Record<string, string>
  body?: string
  signal?: AbortSignal
}

export interface HttpResponse {
  status: number
  body: Readable
}

/** Carries requests to one server and connects again when the connection is gone. */
export interface HttpTransport {
  /** Resolves with the head of the response; rejects with the socket's error, or the signal's reason. */
  request(request: HttpRequest): Promise<HttpResponse>
  /** Ends everything that is under way. */
  close(): void
}

export interface HttpTransportOptions {
  /** e.g. `https://127.0.0.1:8443`; a path is put before each request's. */
  server: string
  /** PEM. */
  ca?: string | Buffer
  cert?: string | Buffer
  key?: string | Buffer
  /** Name to check the certificate against, where it is not the host's. */
  serverName?: string
  insecure?: boolean
}
