import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { issue, testCa } from '../../auth/testing/certificates.ts'

/** What a webhook of admission or conversion is asked. */
export interface TestReview {
  apiVersion: string
  kind: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it wherever they like
  request: any
}

export interface TestWebhook extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Base64 of PEM, as configurations have it. */
  readonly caBundle: string
  /** All that it was asked, in order. */
  readonly reviews: TestReview[]
  readonly paths: string[]
  /** As a restart does. */
  dropConnections(): void
}

/** Answers with the `response` that `answer` gives; never, when that is undefined. */
export async function startTestWebhook(
  answer: (review: TestReview, path: string) => object | undefined,
  names: string[] = ['127.0.0.1'],
): Promise<TestWebhook> {
  const ca = testCa('webhook-ca')
  const own = issue('webhook', [], ca, { server: names })
  const reviews: TestReview[] = []
  const paths: string[] = []
  const server = createServer({ cert: own.pem, key: own.keyPem }, async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const review = JSON.parse(Buffer.concat(parts).toString('utf8')) as TestReview
    reviews.push(review)
    paths.push(request.url ?? '')
    const given = answer(review, request.url ?? '')
    if (!given) return
    const { apiVersion, kind } = review
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ apiVersion, kind, response: { uid: review.request.uid, ...given } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    caBundle: Buffer.from(ca.pem).toString('base64'),
    reviews,
    paths,
    dropConnections: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The `patch` of an answer. */
export function patchAnswer(...operations: object[]): object {
  return {
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
  }
}
