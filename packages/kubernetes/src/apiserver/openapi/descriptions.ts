import { descriptionTexts } from './description-texts.ts'

/** Tools recognize `apiVersion`, `metadata` and `creationTimestamp` by how their descriptions begin upstream. */
const common: Record<string, string> = {
  apiVersion: 'APIVersion defines the group and version that the object is written in.',
  kind: 'What kind of object this is.',
  metadata: "Standard object's metadata: name, labels and everything else that all objects have.",
  spec: 'What is wanted.',
  status: 'What is, as far as the system has seen; written by it alone.',
  items: 'The objects.',
  conditions: 'Aspects of the state, each with when and why it last changed.',
  observedGeneration: 'Generation of the spec that this status speaks of.',
  selector: 'Labels of the objects that this is about.',
}

let texts: Map<string, string> | undefined

/**
 * A line about a struct (by its OpenAPI name), or about one of its fields; `undefined` where nobody wrote one. For
 * `kubectl explain`.
 */
export function descriptionOf(structName: string | undefined, field?: string): string | undefined {
  texts ??= readTexts()
  const struct = (structName ?? '').slice((structName ?? '').lastIndexOf('.') + 1)
  if (field === undefined) {
    return (
      texts.get(struct) ?? (struct.endsWith('List') ? `A list of ${struct.slice(0, -4)} objects.` : undefined)
    )
  }
  return texts.get(`${struct}.${field}`) ?? common[field]
}

function readTexts(): Map<string, string> {
  const result = new Map<string, string>()
  for (const line of descriptionTexts.split('\n')) {
    const colon = line.indexOf(': ')
    if (colon > 0) result.set(line.slice(0, colon), line.slice(colon + 2))
  }
  return result
}
