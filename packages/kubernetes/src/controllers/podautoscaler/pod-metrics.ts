import { parseDuration } from '../../api/duration.ts'
import { quantityMilliValue } from '../../api/quantity.ts'
import { parseTime } from '../../api/time.ts'
import type { Client } from '../../client/client.ts'
import { podMetrics } from '../../client/resources.ts'

/** What a pod (or one of its containers) uses of a resource, in thousandths. */
export interface PodUsage {
  value: number
  /** Milliseconds since the epoch. */
  timestamp: number
  windowMs: number
}

interface PodMetrics {
  metadata: { name?: string }
  timestamp?: string
  window?: string
  containers?: { name: string; usage?: Record<string, string> }[]
}

/** Usage by pod name; pods that lack the figure are left out. @throws Error in upstream's words */
export async function fetchPodUsage(
  client: Client,
  namespace: string,
  labelSelector: string,
  resource: string,
  container: string | undefined,
): Promise<Map<string, PodUsage>> {
  let items: PodMetrics[]
  try {
    items = (await client.list<PodMetrics>(podMetrics, { namespace, labelSelector })).items
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`unable to fetch metrics from resource metrics API: ${why}`)
  }
  if (items.length === 0) throw new Error('no metrics returned from resource metrics API')
  const usage = new Map<string, PodUsage>()
  for (const { metadata, timestamp, window, containers = [] } of items) {
    const counted = container === undefined ? containers : containers.filter(({ name }) => name === container)
    const amounts = counted.map((each) => each.usage?.[resource])
    if (amounts.length === 0 || amounts.includes(undefined)) continue
    usage.set(metadata.name ?? '', {
      value: amounts.reduce((sum, amount) => sum + quantityMilliValue(amount), 0),
      timestamp: parseTime(timestamp) ?? 0,
      windowMs: parseDuration(window ?? '') ?? 0,
    })
  }
  return usage
}
