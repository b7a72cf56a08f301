import type { Client } from '../../client/client.ts'
import { pods } from '../../client/resources.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import type { Reservation } from '../plugins/plugin.ts'

/** Makes a decision real: first what was reserved for the pod, then the binding itself. */
export async function bind(
  client: Client,
  { pod }: PodInfo,
  node: string,
  reservations: readonly { plugin: string; claim: Reservation }[],
  signal: AbortSignal,
): Promise<void> {
  for (const { plugin, claim } of reservations) {
    await naming(`running PreBind plugin "${plugin}"`, claim.bind(signal))
  }
  const { namespace, name = '', uid } = pod.metadata
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { namespace, name, uid },
    target: { kind: 'Node', name: node },
  }
  await naming(
    'running Bind plugin "DefaultBinder"',
    client.create(pods, namespace, binding, { subresource: 'binding', name }),
  )
}

async function naming(step: string, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${step}: ${message}`, { cause: error })
  }
}
