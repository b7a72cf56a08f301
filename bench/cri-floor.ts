import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectCri } from '@minikube-ts/cri/connect.ts'
import { nodeLayout } from '../packages/minikube/src/node/layout.ts'
import { images } from '../tests/support/images.ts'
import type { TestCluster } from '../tests/support/test-cluster.ts'

/** Milliseconds per round that the runtime alone needs for a pod: sandbox, container, start, one after the other. */
export async function criFloor(cluster: TestCluster, rounds: number): Promise<number[]> {
  const cri = connectCri(`${nodeLayout(cluster.profile).run}/containerd/containerd.sock`)
  const logs = await mkdtemp(join(tmpdir(), 'cri-floor-'))
  const times: number[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      const config = {
        metadata: { name: `floor-${round}`, uid: `floor-${round}`, namespace: 'floor', attempt: 0 },
        hostname: 'floor',
        logDirectory: logs,
        linux: { cgroupParent: '/minikube-floor' },
      }
      const begin = performance.now()
      const { podSandboxId } = await cri.runPodSandbox({ config, runtimeHandler: '' })
      const { containerId } = await cri.createContainer({
        podSandboxId,
        config: {
          metadata: { name: 'main', attempt: 0 },
          image: { image: images.busybox },
          command: ['sleep', '1000'],
          logPath: `${round}.log`,
        },
        sandboxConfig: config,
      })
      await cri.startContainer({ containerId })
      times.push(performance.now() - begin)
      await cri.stopPodSandbox({ podSandboxId })
      await cri.removePodSandbox({ podSandboxId })
    }
  } finally {
    cri.close()
    await rm(logs, { recursive: true, force: true })
  }
  return times
}
