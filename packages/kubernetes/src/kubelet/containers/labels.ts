import type { Container, ContainerPort, LifecycleHandler } from '../../api/types/core-v1.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { containerHash } from './pod-record.ts'

export const podNameLabel = 'io.kubernetes.pod.name'
export const podNamespaceLabel = 'io.kubernetes.pod.namespace'
export const podUidLabel = 'io.kubernetes.pod.uid'
export const containerNameLabel = 'io.kubernetes.container.name'

const hash = 'io.kubernetes.container.hash'
const restartCount = 'io.kubernetes.container.restartCount'
const terminationMessagePath = 'io.kubernetes.container.terminationMessagePath'
const terminationMessagePolicy = 'io.kubernetes.container.terminationMessagePolicy'
const preStopHandler = 'io.kubernetes.container.preStopHandler'
const ports = 'io.kubernetes.container.ports'
const deletionGracePeriod = 'io.kubernetes.pod.deletionGracePeriod'
const terminationGracePeriod = 'io.kubernetes.pod.terminationGracePeriod'

type Labels = Record<string, string>

export function podLabels(pod: NodePod): Labels {
  const { name, namespace, uid, labels } = pod.metadata
  return { ...labels, [podNameLabel]: name, [podNamespaceLabel]: namespace, [podUidLabel]: uid }
}

export function containerLabels(pod: NodePod, container: Container): Labels {
  const { name, namespace, uid } = pod.metadata
  return {
    [podNameLabel]: name,
    [podNamespaceLabel]: namespace,
    [podUidLabel]: uid,
    [containerNameLabel]: container.name,
  }
}

/** What a later kubelet, or one that no longer has the pod's spec, needs to know of a container. */
export function containerAnnotations(pod: NodePod, container: Container, restarts: number): Labels {
  const { deletionGracePeriodSeconds } = pod.metadata
  const { terminationGracePeriodSeconds } = pod.spec
  const preStop = container.lifecycle?.preStop
  return {
    [hash]: containerHash(container),
    [restartCount]: String(restarts),
    [terminationMessagePath]: container.terminationMessagePath ?? '',
    [terminationMessagePolicy]: container.terminationMessagePolicy ?? '',
    ...(deletionGracePeriodSeconds !== undefined && {
      [deletionGracePeriod]: String(deletionGracePeriodSeconds),
    }),
    ...(terminationGracePeriodSeconds !== undefined && {
      [terminationGracePeriod]: String(terminationGracePeriodSeconds),
    }),
    ...(preStop && { [preStopHandler]: JSON.stringify(preStop) }),
    ...(container.ports?.length && { [ports]: JSON.stringify(container.ports) }),
  }
}

export interface ContainerInfo {
  hash: string
  restartCount: number
  terminationMessagePath: string
  terminationMessagePolicy: string
  preStop: LifecycleHandler | undefined
  ports: ContainerPort[]
  deletionGracePeriodSeconds: number | undefined
  terminationGracePeriodSeconds: number | undefined
}

/** The reverse of {@link containerAnnotations}; lenient, as the annotations may be another kubelet's. */
export function readContainerAnnotations(annotations: Labels): ContainerInfo {
  return {
    hash: annotations[hash] ?? '',
    restartCount: Number(annotations[restartCount] ?? 0) || 0,
    terminationMessagePath: annotations[terminationMessagePath] ?? '',
    terminationMessagePolicy: annotations[terminationMessagePolicy] ?? '',
    preStop: readJson<LifecycleHandler>(annotations[preStopHandler]),
    ports: readJson<ContainerPort[]>(annotations[ports]) ?? [],
    deletionGracePeriodSeconds: readNumber(annotations[deletionGracePeriod]),
    terminationGracePeriodSeconds: readNumber(annotations[terminationGracePeriod]),
  }
}

function readNumber(text: string | undefined): number | undefined {
  const value = Number(text ?? Number.NaN)
  return Number.isNaN(value) ? undefined : value
}

function readJson<T>(text: string | undefined): T | undefined {
  if (!text) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}
