import { readFileSync } from 'node:fs'

const capSysResource = 1n << 24n

/** What the processes of this machine may not do, and containers neither. */
export interface ProcessLimits {
  /** No score below it may be set; undefined where all may (CAP_SYS_RESOURCE). */
  lowestOomScore: number | undefined
}

export function readProcessLimits(): ProcessLimits {
  const status = readFileSync('/proc/self/status', 'utf8')
  const sets = [...status.matchAll(/^Cap(?:Eff|Bnd):\s*([0-9a-f]+)$/gm)]
  const free = sets.every(([, bits]) => (BigInt(`0x${bits}`) & capSysResource) !== 0n)
  return { lowestOomScore: free ? undefined : Number(readFileSync('/proc/self/oom_score_adj', 'utf8')) }
}

export function allowedOomScore(wanted: number, { lowestOomScore }: ProcessLimits): number {
  return lowestOomScore === undefined ? wanted : Math.max(wanted, lowestOomScore)
}
