import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { CriError } from '@minikube-ts/cri/cri-error.ts'
import { ContainerState, PodSandboxState } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { readPods } from './read-pods.ts'

const sandboxes = [
  ['s1', 'default', 'first', PodSandboxState.SANDBOX_NOTREADY, 1],
  ['s2', 'default', 'first', PodSandboxState.SANDBOX_READY, 2],
  ['s3', 'kube-system', 'other', PodSandboxState.SANDBOX_READY, 3],
] as const

const containers = [
  ['c1', 's1', 'main', ContainerState.CONTAINER_EXITED, 0, 1],
  ['c2', 's2', 'main', ContainerState.CONTAINER_EXITED, 0, 2],
  ['c3', 's2', 'main', ContainerState.CONTAINER_RUNNING, 1, 3],
  ['c4', 's2', 'gone', ContainerState.CONTAINER_RUNNING, 0, 3],
  ['c5', 's3', 'job', ContainerState.CONTAINER_EXITED, 0, 3],
] as const

/** A runtime's answers, as far as they are read. */
const recorded = {
  version: async () => ({ runtimeName: 'containerd', runtimeVersion: '1.6.20' }),
  listPodSandbox: async () => ({
    items: sandboxes.map(([id, namespace, name, state, createdAt]) => ({
      id,
      state,
      createdAt,
      metadata: { namespace, name },
    })),
  }),
  listContainers: async () => ({
    containers: containers.map(([id, podSandboxId, name, state, attempt, createdAt]) => ({
      id,
      podSandboxId,
      state,
      createdAt,
      metadata: { name, attempt },
      image: { image: 'sha256:1' },
    })),
  }),
  podSandboxStatus: async ({ podSandboxId }: { podSandboxId: string }) => ({
    status: { network: { ip: podSandboxId === 's2' ? '10.244.0.5' : '' } },
    info: { info: '{"pid":20}' },
  }),
  containerStatus: async ({ containerId }: { containerId: string }) => {
    if (containerId === 'c4') throw new CriError('NotFound', 'gone', 'ContainerStatus')
    const state = containers.find(([id]) => id === containerId)![3]
    return {
      status: { state, exitCode: 3, image: { image: 'busybox:1' } },
      info: { info: containerId === 'c3' ? '{"pid":30}' : 'not JSON' },
    }
  },
} as unknown as CriClient

test('the last of each pod and container, with their first processes; what goes meanwhile does no harm', async () => {
  const { pods, ...runtime } = await readPods(recorded)
  assert.deepEqual(runtime, { name: 'containerd', version: '1.6.20' })
  assert.deepEqual(pods, [
    {
      namespace: 'default',
      name: 'first',
      ready: true,
      address: '10.244.0.5',
      pid: 20,
      containers: [
        { name: 'main', image: 'busybox:1', state: 'running', restarts: 1, pid: 30 },
        { name: 'gone', image: 'sha256:1', state: 'running', restarts: 0, pid: undefined },
      ],
    },
    {
      namespace: 'kube-system',
      name: 'other',
      ready: true,
      address: undefined,
      pid: 20,
      containers: [{ name: 'job', image: 'busybox:1', state: 'exited (3)', restarts: 0, pid: undefined }],
    },
  ])
})

test('pods of one namespace', async () => {
  const { pods } = await readPods(recorded, 'kube-system')
  assert.deepEqual(
    pods.map(({ name }) => name),
    ['other'],
  )
})
