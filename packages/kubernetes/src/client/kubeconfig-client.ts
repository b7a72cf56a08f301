import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { createHttpTransport } from './create-http-transport.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'

/** The fields of a kubeconfig file that are used. Each `x-data` is base64 and wins over the file named by `x`. */
interface Kubeconfig {
  'current-context'?: string
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[]
  clusters?: {
    name: string
    cluster: {
      server: string
      'certificate-authority'?: string
      'certificate-authority-data'?: string
      'insecure-skip-tls-verify'?: boolean
      'tls-server-name'?: string
    }
  }[]
  users?: {
    name: string
    user?: {
      'client-certificate'?: string
      'client-certificate-data'?: string
      'client-key'?: string
      'client-key-data'?: string
      token?: string
      tokenFile?: string
    }
  }[]
}

/** Tokens on disk are replaced before they end; client-go looks once a minute too. */
const tokenFreshMs = 60_000

/** @throws Error that names the file and what is wrong with it */
export async function createHttpClientFromKubeconfig(
  path: string,
  options: { context?: string; userAgent?: string } = {},
): Promise<HttpClient> {
  const config = await parse(path)
  const contextName = options.context ?? config['current-context']
  const context = config.contexts?.find(({ name }) => name === contextName)?.context
  if (!context) throw new Error(`${path}: context "${contextName ?? ''}" does not exist`)
  const cluster = config.clusters?.find(({ name }) => name === context.cluster)?.cluster
  if (!cluster) throw new Error(`${path}: cluster "${context.cluster}" does not exist`)
  const user = config.users?.find(({ name }) => name === context.user)?.user ?? {}

  // Files are named relative to the kubeconfig.
  const content = async (data?: string, file?: string): Promise<Buffer | undefined> => {
    if (data) return Buffer.from(data, 'base64')
    return file ? readFile(resolve(dirname(path), file)) : undefined
  }
  const [ca, cert, key] = await Promise.all([
    content(cluster['certificate-authority-data'], cluster['certificate-authority']),
    content(user['client-certificate-data'], user['client-certificate']),
    content(user['client-key-data'], user['client-key']),
  ])
  const transport = createHttpTransport({
    server: cluster.server,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(cluster['tls-server-name'] && { serverName: cluster['tls-server-name'] }),
    ...(cluster['insecure-skip-tls-verify'] && { insecure: true }),
  })
  const token = user.tokenFile
    ? tokenFromFile(resolve(dirname(path), user.tokenFile))
    : user.token
      ? async () => user.token
      : undefined
  return createHttpClient(transport, {
    ...(token && { token }),
    ...(options.userAgent && { userAgent: options.userAgent }),
  })
}

/** A source of the token in a file, read again when the last look is a minute old. */
export function tokenFromFile(file: string): () => Promise<string> {
  let token = ''
  let readAt = Number.NEGATIVE_INFINITY
  return async () => {
    if (performance.now() - readAt > tokenFreshMs) {
      token = (await readFile(file, 'utf8')).trim()
      readAt = performance.now()
    }
    return token
  }
}

async function parse(path: string): Promise<Kubeconfig> {
  const source = await readFile(path, 'utf8')
  // Those that we write for our own processes are JSON, which needs no YAML parser in memory.
  const parsed: unknown = source.trimStart().startsWith('{')
    ? JSON.parse(source)
    : (await import('yaml')).parse(source)
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`${path}: not a kubeconfig`)
  return parsed as Kubeconfig
}
