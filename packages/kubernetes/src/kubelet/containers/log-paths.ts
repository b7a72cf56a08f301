import { join } from 'node:path'

/** Directory of all logs of a pod: `NAMESPACE_NAME_UID`. */
export function podLogsDirectory(
  root: string,
  { namespace, name, uid }: { namespace: string; name: string; uid: string },
): string {
  return join(root, `${namespace}_${name}_${uid}`)
}

/** Of one run of a container, below the pod's directory. */
export function containerLogPath(container: string, restarts: number): string {
  return join(container, `${restarts}.log`)
}

/** The pod's uid in a directory name made by {@link podLogsDirectory}. */
export function uidOfLogsDirectory(name: string): string {
  return name.slice(name.lastIndexOf('_') + 1)
}

/** Flat link that log shippers look for: `POD_NAMESPACE_CONTAINER-ID.log`. */
export function legacyLogLink(
  directory: string,
  pod: { name: string; namespace: string },
  container: string,
  containerId: string,
): string {
  return join(directory, `${pod.name}_${pod.namespace}_${container}-${containerId}.log`)
}
