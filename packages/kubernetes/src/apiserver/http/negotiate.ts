import { ApiError } from '../../api/api-error.ts'

export type Encoding = 'json' | 'yaml' | 'protobuf'

export const mediaTypes: Record<Encoding, string> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

/** What a client wants to see instead of the object itself. */
export interface Transformation {
  kind: string
  group: string
  version: string
}

export interface Accepted {
  encoding: Encoding
  as?: Transformation
  /** `as` with its parameters, as it has to come back in the content type. */
  profile?: string
}

interface Clause {
  type: string
  quality: number
  parameters: Map<string, string>
}

/** Encodings in the order of preference when the client has none. */
const encodings: readonly Encoding[] = ['json', 'yaml', 'protobuf']

/**
 * The first clause of `Accept` that can be served. `allows` says whether the endpoint can do a transformation.
 * @throws ApiError NotAcceptable
 */
export function negotiate(
  accept: string | undefined,
  allows: (transformation: Transformation) => boolean,
  offered: readonly Encoding[] = encodings,
): Accepted {
  if (!accept) return { encoding: offered[0]! }
  for (const clause of parseAccept(accept)) {
    const encoding = offered.find(
      (candidate) =>
        clause.type === mediaTypes[candidate] || clause.type === '*/*' || clause.type === 'application/*',
    )
    if (!encoding) continue
    const stream = clause.parameters.get('stream')
    if (stream && stream !== 'watch') continue
    const kind = clause.parameters.get('as')
    if (kind === undefined) return { encoding }
    const group = clause.parameters.get('g') ?? ''
    const version = clause.parameters.get('v') ?? ''
    if (!allows({ kind, group, version })) continue
    return { encoding, as: { kind, group, version }, profile: `;g=${group};v=${version};as=${kind}` }
  }
  const types = offered.map((encoding) => mediaTypes[encoding])
  throw new ApiError('NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`)
}

/** Clauses with the most wanted first. */
export function parseAccept(accept: string): Clause[] {
  return accept
    .split(',')
    .map((text) => {
      const [type = '', ...rest] = text.split(';').map((part) => part.trim())
      const parameters = new Map(
        rest.map((part) => {
          const [key = '', value = ''] = part.split('=')
          return [key.trim(), value.trim().replace(/^"(.*)"$/, '$1')] as const
        }),
      )
      const quality = Number(parameters.get('q') ?? 1)
      return { type, quality: Number.isNaN(quality) ? 1 : quality, parameters }
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
}

/** Encoding of a body by its content type. @throws ApiError UnsupportedMediaType */
export function encodingOf(contentType: string | undefined): Encoding {
  const type = (contentType ?? '').split(';')[0]!.trim().toLowerCase() || mediaTypes.json
  const encoding = encodings.find((candidate) => mediaTypes[candidate] === type)
  if (!encoding) throw unsupportedMediaType(encodings.map((candidate) => mediaTypes[candidate]))
  return encoding
}

export function unsupportedMediaType(supported: readonly string[]): ApiError {
  return new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`,
  )
}
