import type { Taint, Toleration } from '../types/core-v1.ts'

/** A toleration without a key and with operator Exists tolerates everything; without an effect, every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator ?? '') {
    case '':
    case 'Equal':
      return toleration.key ? (toleration.value ?? '') === (taint.value ?? '') : false
    case 'Exists':
      return true
    default:
      return false
  }
}

/** The first taint with one of these effects that none of the tolerations tolerates. */
export function untoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined {
  return taints?.find(
    (taint) =>
      effects.includes(taint.effect) && !tolerations?.some((toleration) => tolerates(toleration, taint)),
  )
}

/** Effects that keep new pods away. */
export const hardEffects: readonly string[] = ['NoSchedule', 'NoExecute']
