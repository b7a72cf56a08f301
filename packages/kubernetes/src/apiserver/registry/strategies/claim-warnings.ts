import { quantityMilliValue } from '../../../api/quantity.ts'
import type { PersistentVolumeClaimSpec } from '../../../api/types/core-v1.ts'

/** Sizes of a claim that are no whole bytes. */
export function claimSpecWarnings(spec: PersistentVolumeClaimSpec, path: string): string[] {
  return (['requests', 'limits'] as const).flatMap((kind) => {
    const size = spec.resources?.[kind]?.storage
    return size !== undefined && quantityMilliValue(size) % 1000 !== 0
      ? [
          `${path}.resources.${kind}[storage]: fractional byte value ${JSON.stringify(size)} is invalid, must be an integer`,
        ]
      : []
  })
}
