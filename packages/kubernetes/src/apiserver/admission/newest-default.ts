import type { ObjectMeta } from '../../api/types/meta-v1.ts'

/** Of the classes marked as default by one of the annotations, the newest; the first by name of equally new ones. */
export function newestDefault<T extends { metadata?: ObjectMeta }>(
  classes: readonly T[],
  ...annotations: string[]
): T | undefined {
  const time = ({ metadata }: T): string => metadata?.creationTimestamp ?? ''
  return classes
    .filter(({ metadata }) => annotations.some((key) => metadata?.annotations?.[key] === 'true'))
    .sort(
      (left, right) =>
        compare(time(right), time(left)) || compare(left.metadata?.name ?? '', right.metadata?.name ?? ''),
    )[0]
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
