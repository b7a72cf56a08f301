import type { Agent } from 'node:https'
import type { UpgradeTarget } from '../../streaming/upgrade/upgrade-target.ts'

interface Usage {
  cpu?: { time?: string; usageNanoCores?: number }
  memory?: { time?: string; workingSetBytes?: number }
}

/** What we read of a kubelet's `/stats/summary` (upstream's stats/v1alpha1). */
export interface KubeletSummary {
  node: Usage
  pods: (Usage & {
    podRef: { name: string; namespace: string }
    containers?: (Usage & { name: string })[]
  })[]
}

/** How kubelets are reached; loaded when it is needed. */
export interface KubeletAccess {
  agent: Agent
  target(nodeName: string, path: string, query: string): UpgradeTarget
}

/** @throws Error when the kubelet cannot be reached or does not know */
export async function fetchSummary(kubelets: KubeletAccess, nodeName: string): Promise<KubeletSummary> {
  const { request } = await import('node:https')
  const { url } = kubelets.target(nodeName, '/stats/summary', 'only_cpu_and_memory=true')
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: kubelets.agent, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode !== 200) reject(new Error(`${url.pathname}: ${response.statusCode} ${text}`))
        else resolve(JSON.parse(text) as KubeletSummary)
      })
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')))
    outgoing.on('error', reject)
    outgoing.end()
  })
}

/** The usage in a metrics object's words, undefined when it is not known yet. */
export function usageOf({
  cpu,
  memory,
}: Usage): { usage: Record<string, string>; timestamp: string } | undefined {
  if (cpu?.usageNanoCores === undefined || memory?.workingSetBytes === undefined) return undefined
  const timestamp = (cpu.time ?? memory.time ?? new Date().toISOString()).replace(/\.\d+Z$/, 'Z')
  return {
    timestamp,
    usage: { cpu: `${cpu.usageNanoCores}n`, memory: `${Math.ceil(memory.workingSetBytes / 1024)}Ki` },
  }
}
