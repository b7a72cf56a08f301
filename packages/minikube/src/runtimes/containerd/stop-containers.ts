import { constants } from 'node:os'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { ContainerState } from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { Node } from '../../node/node.ts'

/** Seconds. A cluster that is stopped does not wait longer for a container to end. */
const longestGrace = 5
/** Milliseconds. A runtime that cannot write (its disk is full) never answers: what is left is killed with its cgroup. */
const patience = (longestGrace + 5) * 1000
/** Where the kubelet writes down how long a pod may take. */
const graceAnnotation = 'io.kubernetes.pod.terminationGracePeriod'

/**
 * Asks every running container to end, all at once, and kills those that do not within their grace period. A container
 * whose first process does not handle the signal at all would only be waited for: it is killed at once.
 */
export async function stopContainers(client: CriClient, node: Node, aborted: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([aborted, AbortSignal.timeout(patience)])
  const running = { filter: { state: { state: ContainerState.CONTAINER_RUNNING } } }
  const { containers } = await client.listContainers(running, { signal })
  await Promise.all(
    containers.map(async ({ id, image, annotations }) => {
      const wished = Number(annotations[graceAnnotation] ?? longestGrace)
      const deaf = await isDeaf(client, node, id, image?.image ?? '', signal).catch(() => false)
      const timeout = deaf ? 0 : Math.min(wished, longestGrace)
      // What cannot be stopped in order is ended with the rest of the cluster.
      await client.stopContainer({ containerId: id, timeout }, { signal }).catch(() => {})
    }),
  )
}

/** Whether the container's stop signal would be lost: the kernel keeps unhandled ones from the first process. */
async function isDeaf(
  client: CriClient,
  node: Node,
  id: string,
  image: string,
  signal: AbortSignal,
): Promise<boolean> {
  const [{ info: container }, { info: ofImage }] = await Promise.all([
    client.containerStatus({ containerId: id, verbose: true }, { signal }),
    client.imageStatus({ image: { image }, verbose: true }, { signal }),
  ])
  const { pid } = JSON.parse(container.info ?? '{}') as { pid?: number }
  const { imageSpec } = JSON.parse(ofImage.info ?? '{}') as {
    imageSpec?: { config?: { StopSignal?: string } }
  }
  if (!pid) return false
  const status = (await node.readFile(`/proc/${pid}/status`))?.toString() ?? ''
  const isFirst = /^NSpid:.*\s1$/m.test(status)
  const handled = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  const stop = signalNumber(imageSpec?.config?.StopSignal ?? '')
  return isFirst && stop !== undefined && (handled & (1n << BigInt(stop - 1))) === 0n
}

/** Undefined for a name that is not known here. */
function signalNumber(name: string): number | undefined {
  if (name === '') return constants.signals.SIGTERM
  if (/^\d+$/.test(name)) return Number(name)
  const whole = name.startsWith('SIG') ? name : `SIG${name}`
  return Object.entries(constants.signals).find(([known]) => known === whole)?.[1]
}
