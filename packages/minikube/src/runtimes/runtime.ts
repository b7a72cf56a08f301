import type { Readable } from 'node:stream'
import type { Node } from '../node/node.ts'
import type { Work } from '../progress.ts'

/** Where one profile's runtime lives on its node: nothing outside of these is touched. */
export interface RuntimeLayout {
  profile: string
  /** Configuration, e.g. /var/lib/minikube/<profile>/containerd/config.toml. */
  configDir: string
  /** Images, snapshots, containers; survives a stop. */
  dataDir: string
  /** Sockets and state; gone after a reboot. */
  runDir: string
  cniBinDir: string
  cniConfDir: string
  /** Cgroup that the runtime's own processes are put into; the pods' parent is named by the kubelet. */
  cgroupRoot: string
}

/** A process that the supervisor keeps running. */
export interface ServiceSpec {
  name: string
  argv: string[]
  env?: Record<string, string>
  cwd?: string
  /** Counts as started when: a unix socket accepts, or the process writes a line to the file descriptor in $NOTIFY_FD. */
  ready: { socket: string } | { notify: true } | 'started'
  /** Services that must be ready before. */
  after?: string[]
  /** Milliseconds between SIGTERM and SIGKILL at stop; default 10 000. */
  stopTimeout?: number
}

export interface ImageRecord {
  id: string
  tags: string[]
  digests: string[]
  /** Bytes. */
  size: number
}

/** Packages (Debian names) and programs that a runtime needs on its node. */
export interface RuntimeNeeds {
  packages: string[]
  programs: string[]
}

/**
 * Who starts the containers. Reached by Kubernetes through CRI only; this contract is what minikube itself needs of it.
 * Every runtime passes runtimes/runtime.contract.test.ts.
 */
export interface ContainerRuntime {
  readonly name: string
  readonly aliases: readonly string[]
  needs(): RuntimeNeeds
  /** Writes the configuration. Returns the services that the supervisor is to run. Idempotent. */
  configure(node: Node, layout: RuntimeLayout): Promise<ServiceSpec[]>
  /** CRI socket, absolute path on the node. */
  socket(layout: RuntimeLayout): string
  version(node: Node, layout: RuntimeLayout): Promise<string>
  listImages(node: Node, layout: RuntimeLayout): Promise<ImageRecord[]>
  /** A docker-archive or OCI-archive tar, possibly compressed. Resolves to the names now present; nothing stays of a broken one. */
  loadImage(node: Node, layout: RuntimeLayout, archive: Readable, work: Work): Promise<string[]>
  saveImage(node: Node, layout: RuntimeLayout, name: string): Readable
  removeImage(node: Node, layout: RuntimeLayout, name: string): Promise<void>
  tagImage(node: Node, layout: RuntimeLayout, source: string, target: string): Promise<void>
  pullImage(node: Node, layout: RuntimeLayout, name: string, work: Work): Promise<void>
  pushImage(node: Node, layout: RuntimeLayout, name: string, work: Work): Promise<void>
}
