import { ApiError } from '../../api/api-error.ts'
import type { KubeObject, ListMeta, StoredKubeObject } from '../../api/kube-object.ts'
import { apiVersionOf } from '../../api/resource-info.ts'
import type { ServedResource } from '../registry/served-resource.ts'
import type { IncludeObject, toTable as ToTable } from '../table/to-table.ts'
import type { ApiRequest } from './api-request.ts'
import { type Accepted, type Encoding, negotiate, type Transformation } from './negotiate.ts'

/** How a client wants to see objects of a resource: in which encoding, and whole, as table rows, or their metadata only. */
export interface View {
  /** The same for views that look the same: for sharing what was encoded. */
  readonly key: string
  readonly encoding: Encoding
  /** Appended to the content type. */
  readonly profile: string | undefined
  one(object: KubeObject): KubeObject
  list(items: StoredKubeObject[], metadata: ListMeta): KubeObject
  /** For all events of a watch but the first: tables name their columns once. */
  readonly later: View
}

const metaVersions = new Set(['v1', 'v1beta1'])
const kinds = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'])

/** @throws ApiError NotAcceptable, BadRequest */
export async function viewOf(
  request: ApiRequest,
  resource: ServedResource,
  offered?: readonly Encoding[],
): Promise<View> {
  const { info } = resource
  const isList = request.info.verb === 'list' || request.info.verb === 'deletecollection'
  const accepted = negotiate(
    request.message.headers.accept,
    ({ kind, group, version }) =>
      group === 'meta.k8s.io' &&
      metaVersions.has(version) &&
      kinds.has(kind) &&
      // What is only ever created (a review) has no rows and no metadata.
      info.verbs.includes('get') &&
      (kind === 'Table' || (kind === 'PartialObjectMetadataList') === isList),
    info.schema
      ? offered
      : (offered ?? ['json', 'yaml', 'protobuf']).filter((encoding) => encoding !== 'protobuf'),
  )
  const { as } = accepted
  if (!as) return plainView(resource, accepted)
  if (as.kind === 'Table') {
    const { toTable } = await import('../table/to-table.ts')
    return tableView(resource, accepted, as, toTable, includeObjectOf(request), false)
  }
  return metadataView(accepted, as)
}

function plainView({ info }: ServedResource, { encoding }: Accepted): View {
  const view: View = {
    key: encoding,
    encoding,
    profile: undefined,
    one: (object) => object,
    list: (items, metadata) => ({ kind: info.listKind, apiVersion: apiVersionOf(info), metadata, items }),
    get later() {
      return view
    },
  }
  return view
}

function metadataView({ encoding, profile }: Accepted, as: Transformation): View {
  const apiVersion = apiVersionOf(as)
  const one = ({ metadata }: KubeObject): KubeObject => ({
    kind: 'PartialObjectMetadata',
    apiVersion,
    metadata: metadata ?? {},
  })
  const view: View = {
    key: `${encoding}${profile}`,
    encoding,
    profile,
    one,
    list: (items, metadata) => ({
      kind: 'PartialObjectMetadataList',
      apiVersion,
      metadata,
      items: items.map(one),
    }),
    get later() {
      return view
    },
  }
  return view
}

function tableView(
  resource: ServedResource,
  accepted: Accepted,
  as: Transformation,
  toTable: typeof ToTable,
  includeObject: IncludeObject,
  noHeaders: boolean,
): View {
  const apiVersion = apiVersionOf(as)
  const table = (objects: readonly KubeObject[], listMeta: ListMeta): KubeObject => ({
    ...toTable(resource.info, objects, {
      includeObject,
      noHeaders,
      listMeta,
      ...(resource.columns && { columns: resource.columns }),
    }),
    apiVersion,
  })
  return {
    key: `${accepted.encoding}${accepted.profile}${includeObject}${noHeaders}`,
    encoding: accepted.encoding,
    profile: accepted.profile,
    one: (object) => table([object], { resourceVersion: object.metadata?.resourceVersion ?? '' }),
    list: table,
    get later() {
      return noHeaders ? this : tableView(resource, accepted, as, toTable, includeObject, true)
    },
  }
}

function includeObjectOf({ query }: ApiRequest): IncludeObject {
  const includeObject = query.get('includeObject') || 'Metadata'
  if (!['Metadata', 'None', 'Object'].includes(includeObject)) {
    throw ApiError.badRequest(
      `.includeObject: Invalid value: ${JSON.stringify(includeObject)}: must be 'Metadata', 'Object', 'None', or empty`,
    )
  }
  return includeObject as IncludeObject
}
