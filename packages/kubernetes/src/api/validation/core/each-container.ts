import type { Container, PodSpec } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'

/** Every container of a pod, of all three kinds, and where it is. */
export function eachContainer(spec: PodSpec, field: Field): [Container, Field][] {
  const kinds = ['initContainers', 'containers', 'ephemeralContainers'] as const
  return kinds.flatMap((kind) =>
    (spec[kind] ?? []).map((container, index): [Container, Field] => [
      container as Container,
      field.at(kind).index(index),
    ]),
  )
}
