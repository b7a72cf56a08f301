import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import type { Volume } from '../../api/types/core-v1.ts'
import { listMounts, makeShared, mountTmpfs, unmountBelow } from '../mounts/mount-table.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { setUpEmptyDir } from './empty-dir.ts'
import { setUpHostPath } from './host-path.ts'
import type { MountedVolume, SetUpVolume, VolumeContext, VolumeSourceName } from './volume-plugin.ts'

export type MountedVolumes = Map<string, MountedVolume>

/** Kinds that most pods have none of are loaded when one comes. */
const plugins: { [K in VolumeSourceName]?: () => Promise<SetUpVolume<NonNullable<Volume[K]>>> } = {
  emptyDir: async () => setUpEmptyDir,
  hostPath: async () => setUpHostPath,
  configMap: async () => (await import('./written-volumes.ts')).setUpConfigMap,
  secret: async () => (await import('./written-volumes.ts')).setUpSecret,
  downwardAPI: async () => (await import('./written-volumes.ts')).setUpDownwardApi,
  projected: async () => (await import('./projected.ts')).setUpProjected,
  persistentVolumeClaim: async () => (await import('./persistent-volume.ts')).setUpClaim,
  ephemeral: async () => (await import('./ephemeral.ts')).setUpEphemeral,
}

/** A volume that could not be made available; `volume` is its name in the pod. */
export class VolumeError extends Error {
  readonly volume: string

  constructor(volume: string, cause: Error) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${cause.message}`, { cause })
    this.name = 'VolumeError'
    this.volume = volume
  }
}

/** Makes pods' volumes and removes them. What is mounted is read from the file system, so that a restart loses nothing. */
export class VolumeManager {
  readonly context: VolumeContext
  private readonly mounted = new Map<string, MountedVolumes>()

  constructor(context: VolumeContext) {
    this.context = context
  }

  /** Once, before pods are worked on. */
  async start(): Promise<void> {
    const { root, memory, pods } = this.context.paths
    await makeShared(root)
    await mkdir(memory, { recursive: true, mode: 0o755 })
    await mkdir(pods, { recursive: true, mode: 0o755 })
    const known = (await listMounts()).some(({ target }) => target === memory)
    if (!known) await mountTmpfs(memory)
  }

  /**
   * Makes every volume of the pod available and up to date.
   * @throws VolumeError of the first that failed, when the others have been tried
   */
  async mount(pod: NodePod): Promise<MountedVolumes> {
    const volumes = pod.spec.volumes ?? []
    await mkdir(this.context.paths.pod(pod.metadata.uid), { recursive: true, mode: 0o750 })
    const results = await Promise.allSettled(volumes.map((volume) => this.setUp(pod, volume)))
    const mounted: MountedVolumes = new Map()
    for (const [index, result] of results.entries()) {
      const { name } = volumes[index]!
      if (result.status === 'rejected') throw new VolumeError(name, result.reason as Error)
      mounted.set(name, result.value)
    }
    this.mounted.set(pod.metadata.uid, mounted)
    return mounted
  }

  private async setUp(pod: NodePod, volume: Volume): Promise<MountedVolume> {
    const { name } = volume
    const kind = (Object.keys(volume) as (keyof Volume)[]).find((key) => key !== 'name' && volume[key])
    // Pulled, and mounted by the runtime, when a container is made that wants it.
    if (kind === 'image') return { path: '', readOnly: true, image: {} }
    const load = kind && kind !== 'name' ? plugins[kind] : undefined
    if (!load || !kind) throw new Error(`no volume plugin matched for ${kind ?? 'the volume'}`)
    // The plugin and the source come from the same key.
    const setUp = (await load()) as SetUpVolume<unknown>
    return setUp(this.context, pod, name, volume[kind])
  }

  /** What {@link mount} made last. */
  of(uid: string): MountedVolumes {
    return this.mounted.get(uid) ?? new Map()
  }

  /** Groups that own volumes of the pod. */
  groups(uid: string): number[] {
    return [...this.of(uid).values()].flatMap(({ gid }) => gid ?? [])
  }

  /** Removes all that belongs to the pod on disk and in memory; its containers have ended. */
  async remove(uid: string): Promise<void> {
    const { paths, tokens } = this.context
    tokens.forget(uid)
    this.mounted.delete(uid)
    const directory = paths.pod(uid)
    if (await lstat(directory).catch(() => undefined)) {
      await unmountBelow(directory)
      await rm(directory, { recursive: true, force: true })
    }
    await rm(paths.podMemory(uid), { recursive: true, force: true })
  }

  /** Of pods that nobody knows any more. */
  async removeOthers(known: ReadonlySet<string>): Promise<void> {
    const { pods, memory } = this.context.paths
    const found = new Set([...(await readdir(pods)), ...(await readdir(memory))])
    for (const uid of found) if (!known.has(uid)) await this.remove(uid)
  }
}
