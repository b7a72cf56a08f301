import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { connectCri } from '@minikube-ts/cri/connect.ts'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { messageOf } from '../../error.ts'
import type { Change } from '../../node/ledger/change.ts'
import type { Node } from '../../node/node.ts'
import type { Work } from '../../progress.ts'
import type { ContainerRuntime, ImageRecord, RuntimeLayout, RuntimeNeeds, ServiceSpec } from '../runtime.ts'
import { containerdConfiguration, containerdPaths } from './configuration.ts'
import { ContainerdImages } from './containerd-images.ts'
import { containerdFacts } from './facts.ts'
import { registryHosts } from './registry-hosts.ts'
import { buildSandboxImage, sandboxImage } from './sandbox-image.ts'
import { stopContainers } from './stop-containers.ts'

/** containerd from the distribution's package, an instance of its own for each profile. */
export class ContainerdRuntime implements ContainerRuntime {
  readonly name = 'containerd'
  readonly aliases = []

  needs(): RuntimeNeeds {
    return {
      packages: ['containerd', 'runc', 'containernetworking-plugins', 'catatonit'],
      programs: [
        'containerd',
        'ctr',
        'runc',
        'catatonit',
        '/usr/lib/cni/bridge',
        '/usr/lib/cni/host-local',
        '/usr/lib/cni/loopback',
      ],
    }
  }

  async configure(node: Node, layout: RuntimeLayout): Promise<ServiceSpec[]> {
    const paths = containerdPaths(layout)
    const facts = await containerdFacts(node, layout)
    await node.writeFiles([
      { path: paths.config, content: containerdConfiguration(layout, { ...facts, sandboxImage }) },
      ...registryHosts(layout),
    ])
    return [
      {
        name: this.name,
        about: 'starts containers, keeps images',
        argv: ['containerd', '--config', paths.config],
        // The socket accepts before CRI does.
        ready: { socket: paths.socket, log: 'Start streaming server' },
        stopTimeout: 5000,
      },
    ]
  }

  traces(layout: RuntimeLayout): Change[] {
    // Shims listen below a directory that is compiled in; libcni keeps its results in another.
    const previous = null
    return [
      { kind: 'shared-directory', path: '/run/containerd', previous },
      { kind: 'shared-directory', path: '/run/containerd/s', previous },
      { kind: 'shared-directory', path: '/var/lib/cni', previous },
      { kind: 'shared-directory', path: '/var/lib/cni/results', previous },
      { kind: 'files', directory: '/var/lib/cni/results', prefix: `minikube-${layout.profile}-` },
    ]
  }

  async provision(node: Node, layout: RuntimeLayout): Promise<void> {
    const present = await this.#cri(layout, (client) =>
      whenInitialized(() => client.imageStatus({ image: { image: sandboxImage } })),
    )
    if (present.image) return
    const [program, machine] = await Promise.all([
      node.run(['sh', '-c', 'cat "$(command -v catatonit)"']),
      node.run(['uname', '-m']),
    ])
    const architecture = machine.stdout.toString().trim() === 'aarch64' ? 'arm64' : 'amd64'
    const archive = await buildSandboxImage(program.stdout, architecture)
    await this.#images(node, layout).load(archive)
  }

  async stopContainers(node: Node, layout: RuntimeLayout, { signal }: Work): Promise<void> {
    await this.#cri(layout, (client) => stopContainers(client, node, signal)).catch(() => {})
    signal.throwIfAborted()
  }

  socket(layout: RuntimeLayout): string {
    return containerdPaths(layout).socket
  }

  async version(_node: Node, layout: RuntimeLayout): Promise<string> {
    const { runtimeVersion } = await this.#cri(layout, (client) => client.version({ version: 'v1' }))
    return runtimeVersion
  }

  async listImages(_node: Node, layout: RuntimeLayout): Promise<ImageRecord[]> {
    const { images } = await this.#cri(layout, (client) => client.listImages({}))
    return images.map((image) => ({
      id: image.id,
      tags: image.repoTags,
      digests: image.repoDigests,
      size: Number(image.size),
    }))
  }

  loadImage(node: Node, layout: RuntimeLayout, archive: Readable, work: Work): Promise<string[]> {
    return this.#images(node, layout).load(archive, work.signal)
  }

  saveImage(node: Node, layout: RuntimeLayout, names: string[]): Readable {
    return this.#images(node, layout).save(names)
  }

  async removeImage(node: Node, layout: RuntimeLayout, name: string): Promise<void> {
    await this.#cri(layout, async (client) => {
      const { image } = await client.imageStatus({ image: { image: name } })
      const otherNames = image?.repoTags.filter((tag) => tag !== name) ?? []
      // CRI removes an image with all its names; who gives one of several means that one only.
      if (image?.repoTags.includes(name) && otherNames.length > 0)
        await this.#images(node, layout).untag(name)
      else await client.removeImage({ image: { image: name } })
    })
  }

  tagImage(node: Node, layout: RuntimeLayout, source: string, target: string): Promise<void> {
    return this.#images(node, layout).tag(source, target)
  }

  async pullImage(_node: Node, layout: RuntimeLayout, name: string, work: Work): Promise<void> {
    await this.#cri(layout, (client) => client.pullImage({ image: { image: name } }, { signal: work.signal }))
  }

  pushImage(node: Node, layout: RuntimeLayout, name: string, work: Work): Promise<void> {
    return this.#images(node, layout).push(name, layout, work)
  }

  #images(node: Node, layout: RuntimeLayout): ContainerdImages {
    return new ContainerdImages(node, containerdPaths(layout).socket)
  }

  async #cri<T>(layout: RuntimeLayout, action: (client: CriClient) => Promise<T>): Promise<T> {
    const client = connectCri(this.socket(layout))
    try {
      return await action(client)
    } finally {
      client.close()
    }
  }
}

/**
 * CRI takes its first request a moment after it has said that it is up, and nothing tells when: the few requests that
 * are turned away in between are made again.
 */
async function whenInitialized<T>(request: () => Promise<T>, tries = 100): Promise<T> {
  try {
    return await request()
  } catch (error) {
    if (tries <= 1 || !messageOf(error).includes('server is not initialized yet')) throw error
    await setTimeout(20)
    return whenInitialized(request, tries - 1)
  }
}
