import { startOf, type Victims } from './victims.ts'

const beyondEveryPriority = 2 ** 31

/** The node where making room hurts least; each criterion decides only what the ones before it left open. */
export function chooseNode(candidates: readonly Victims[]): Victims | undefined {
  const costs: ((candidate: Victims) => number)[] = [
    ({ violations }) => violations,
    ({ pods }) => pods[0]?.priority ?? 0,
    // Shifted so that every pod adds to the sum, also those with negative priorities.
    ({ pods }) => pods.reduce((sum, { priority }) => sum + priority + beyondEveryPriority, 0),
    ({ pods }) => pods.length,
    // The later the most important victims have started, the less is lost.
    ({ pods }) => -Math.min(...pods.filter(({ priority }) => priority === pods[0]?.priority).map(startOf)),
  ]
  let left = candidates
  for (const cost of costs) {
    if (left.length <= 1) break
    const least = Math.min(...left.map(cost))
    left = left.filter((candidate) => cost(candidate) === least)
  }
  return left[0]
}
