import type { PodSpec } from '../../api/types/core-v1.ts'
import { allContainers } from '../pods/node-pod.ts'

/** Names of the ConfigMaps and Secrets that a pod's environment, volumes and image pulls need. */
export function referencedObjects(spec: PodSpec): { configMaps: Set<string>; secrets: Set<string> } {
  const configMaps = new Set<string | undefined>()
  const secrets = new Set<string | undefined>()
  for (const { name } of spec.imagePullSecrets ?? []) secrets.add(name)
  for (const { container } of allContainers(spec)) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      configMaps.add(configMapRef?.name)
      secrets.add(secretRef?.name)
    }
    for (const { valueFrom } of container.env ?? []) {
      configMaps.add(valueFrom?.configMapKeyRef?.name)
      secrets.add(valueFrom?.secretKeyRef?.name)
    }
  }
  for (const { configMap, secret, projected } of spec.volumes ?? []) {
    configMaps.add(configMap?.name)
    secrets.add(secret?.secretName)
    for (const source of projected?.sources ?? []) {
      configMaps.add(source.configMap?.name)
      secrets.add(source.secret?.name)
    }
  }
  return { configMaps: named(configMaps), secrets: named(secrets) }
}

function named(names: Set<string | undefined>): Set<string> {
  return new Set([...names].filter((name) => name !== undefined && name !== '')) as Set<string>
}
