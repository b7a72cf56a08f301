import { connectCri } from '@minikube-ts/cri/connect.ts'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { Cluster } from './cluster.ts'

/** Where the cluster's runtime serves CRI. */
export function criSocket(cluster: Cluster): string {
  return cluster.runtime.socket(cluster.runtimeLayout)
}

/** Speaks to the cluster's runtime; close it. */
export function connectRuntime(cluster: Cluster): CriClient {
  return connectCri(criSocket(cluster))
}
