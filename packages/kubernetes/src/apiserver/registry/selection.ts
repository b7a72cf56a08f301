import { ApiError } from '../../api/api-error.ts'
import type { StoredKubeObject } from '../../api/kube-object.ts'
import { parseFieldSelector } from '../../api/selectors/field-selector.ts'
import { parseLabelSelector } from '../../api/selectors/label-selector.ts'
import type { ServedResource } from './served-resource.ts'

/** Which objects of a resource a list or watch is about. */
export interface Selection {
  matches(object: StoredKubeObject): boolean
  /** Everything under the scope: no need to look at objects. */
  readonly everything: boolean
  /** Looks at fields that may be elsewhere in another version: only objects of the served version can be matched. */
  readonly versioned: boolean
  /** From a field selector that demands one name or one namespace. */
  readonly name?: string
  readonly namespace?: string
}

const all: Selection = { matches: () => true, everything: true, versioned: false }

/** @throws ApiError BadRequest for selectors that do not parse or name a field that cannot be selected by */
export function selectionOf(
  { selectableFields }: ServedResource,
  labelSelector: string | undefined,
  fieldSelector: string | undefined,
): Selection {
  if (!labelSelector && !fieldSelector) return all
  const labels = labelSelector ? parsed(() => parseLabelSelector(labelSelector)) : undefined
  const fields = fieldSelector ? parsed(() => parseFieldSelector(fieldSelector)) : []
  for (const { field } of fields) {
    if (!selectableFields.has(field)) throw ApiError.badRequest(selectableFields.unsupported(field))
  }
  const exactly = (wanted: string) => fields.find(({ field, equal }) => field === wanted && equal)?.value
  const name = exactly('metadata.name')
  const namespace = exactly('metadata.namespace')
  return {
    everything: !labels && fields.length === 0,
    versioned: fields.some(({ field }) => !field.startsWith('metadata.')),
    matches: (object) =>
      fields.every(({ field, equal, value }) => (selectableFields.read(object, field) === value) === equal) &&
      (labels?.(object.metadata.labels) ?? true),
    ...(name && { name }),
    ...(namespace && { namespace }),
  }
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw ApiError.badRequest((error as Error).message)
  }
}
