/**
 * Runs `attempt` `count` times in batches of 1, 2, 4 … and stops after the batch in which one failed, so that a creation
 * that is refused (quota, admission) is not refused a hundred times.
 *
 * @returns how many went well, and the first failure
 */
export async function slowStart(
  count: number,
  attempt: (index: number) => Promise<unknown>,
): Promise<{ done: number; error?: unknown }> {
  let done = 0
  let begun = 0
  for (let batch = Math.min(count, 1); batch > 0; batch = Math.min(2 * batch, count - begun)) {
    const results = await Promise.allSettled(Array.from({ length: batch }, (_, i) => attempt(begun + i)))
    begun += batch
    const failures = results.filter((result) => result.status === 'rejected')
    done += batch - failures.length
    if (failures[0]) return { done, error: failures[0].reason }
  }
  return { done }
}
