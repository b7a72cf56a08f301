import type { KubeletRequest } from './kubelet-request.ts'

export function respond(
  { message, response }: KubeletRequest,
  contentType: string,
  body: string | Uint8Array,
): void {
  const bytes = Buffer.from(body)
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length })
  response.end(message.method === 'HEAD' ? undefined : bytes)
}

export function respondJson(request: KubeletRequest, body: object): void {
  respond(request, 'application/json', JSON.stringify(body))
}

export function respondText(request: KubeletRequest, text: string): void {
  respond(request, 'text/plain; charset=utf-8', text)
}
