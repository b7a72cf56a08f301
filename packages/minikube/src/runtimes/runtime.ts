import type { Readable } from 'node:stream'
import type { Change } from '../node/ledger/change.ts'
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
  cgroupDriver: 'cgroupfs' | 'systemd'
  /** Registries that are spoken to without TLS, and mirrors of Docker Hub. */
  insecureRegistries: string[]
  registryMirrors: string[]
}

/** A process that the supervisor keeps running. */
export interface ServiceSpec {
  name: string
  /** What it does, in a few words for people. */
  about?: string
  argv: string[]
  env?: Record<string, string>
  cwd?: string
  /**
   * Counts as started when: a unix socket accepts (and, with `log`, the process has written that), or the process writes a
   * line to the file descriptor in $NOTIFY_FD.
   */
  ready: { socket: string; log?: string } | { notify: true } | 'started'
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

/** Programs that a runtime needs on its node, by name or path, and the Debian packages that bring them. */
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
  /** What its processes leave outside of the layout. */
  traces(layout: RuntimeLayout): Change[]
  /** Brings what it needs to run pods (the sandbox image), once it serves. Idempotent. */
  provision(node: Node, layout: RuntimeLayout): Promise<void>
  /** Asks every container to end, all at once, and waits until they have or a few seconds are over. */
  stopContainers(node: Node, layout: RuntimeLayout, work: Work): Promise<void>
  /** CRI socket, absolute path on the node. */
  socket(layout: RuntimeLayout): string
  version(node: Node, layout: RuntimeLayout): Promise<string>
  listImages(node: Node, layout: RuntimeLayout): Promise<ImageRecord[]>
  /** A docker-archive or OCI-archive tar, possibly compressed. Resolves to the names now present; nothing stays of a broken one. */
  loadImage(node: Node, layout: RuntimeLayout, archive: Readable, work: Work): Promise<string[]>
  /** A docker-archive that is an OCI archive as well. Errors, too, come through the stream. */
  saveImage(node: Node, layout: RuntimeLayout, names: string[]): Readable
  removeImage(node: Node, layout: RuntimeLayout, name: string): Promise<void>
  tagImage(node: Node, layout: RuntimeLayout, source: string, target: string): Promise<void>
  pullImage(node: Node, layout: RuntimeLayout, name: string, work: Work): Promise<void>
  pushImage(node: Node, layout: RuntimeLayout, name: string, work: Work): Promise<void>
}
