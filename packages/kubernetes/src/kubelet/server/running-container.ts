import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { ContainerState, PodSandboxState } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { containerNameLabel, podUidLabel } from '../containers/labels.ts'

/** Id of the pod's running container of that name. @throws CriError */
export async function runningContainer(
  cri: CriClient,
  podUid: string,
  name: string,
): Promise<string | undefined> {
  const { containers } = await cri.listContainers({
    filter: {
      state: { state: ContainerState.CONTAINER_RUNNING },
      labelSelector: { [podUidLabel]: podUid, [containerNameLabel]: name },
    },
  })
  return containers.sort((a, b) => b.createdAt - a.createdAt)[0]?.id
}

/** Id of the pod's newest sandbox, if that one is ready. @throws CriError */
export async function readySandbox(cri: CriClient, podUid: string): Promise<string | undefined> {
  const { items } = await cri.listPodSandbox({ filter: { labelSelector: { [podUidLabel]: podUid } } })
  const newest = items.sort((a, b) => b.createdAt - a.createdAt)[0]
  return newest?.state === PodSandboxState.SANDBOX_READY ? newest.id : undefined
}
