export type ProbeResult = 'success' | 'failure' | 'unknown'

/** What probes last found, by container id. Listeners hear of changes only. */
export interface ProbeResults {
  get(containerId: string): ProbeResult | undefined
}
