import { join } from 'node:path'

/** Where a kubelet keeps what belongs to pods, below its root directory. */
export class VolumePaths {
  readonly root: string

  constructor(rootDir: string) {
    this.root = rootDir
  }

  /** One file system in memory for all small secret volumes: mounting one for each costs a process. */
  get memory(): string {
    return join(this.root, 'memory')
  }

  get pods(): string {
    return join(this.root, 'pods')
  }

  pod(uid: string): string {
    return join(this.pods, uid)
  }

  podMemory(uid: string): string {
    return join(this.memory, uid)
  }

  /** e.g. `pods/UID/volumes/kubernetes.io~empty-dir/NAME`. */
  volume(uid: string, plugin: string, name: string): string {
    return join(this.pod(uid), 'volumes', `kubernetes.io~${plugin}`, name)
  }

  memoryVolume(uid: string, plugin: string, name: string): string {
    return join(this.podMemory(uid), `kubernetes.io~${plugin}`, name)
  }

  subpath(uid: string, volume: string, container: string, index: number): string {
    return join(this.pod(uid), 'volume-subpaths', volume, container, String(index))
  }

  container(uid: string, name: string): string {
    return join(this.pod(uid), 'containers', name)
  }

  hostsFile(uid: string): string {
    return join(this.pod(uid), 'etc-hosts')
  }
}
