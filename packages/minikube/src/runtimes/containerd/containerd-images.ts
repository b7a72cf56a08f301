import { PassThrough, Readable } from 'node:stream'
import { MinikubeError, messageOf } from '../../error.ts'
import { CommandFailed, type Node } from '../../node/node.ts'
import type { Work } from '../../progress.ts'
import type { RuntimeLayout } from '../runtime.ts'
import { containerdPaths } from './configuration.ts'
import { decompress } from './decompress.ts'

/** Where CRI keeps its images. */
const namespace = 'k8s.io'

/** What CRI has no words for, done with containerd's own program. */
export class ContainerdImages {
  readonly #node: Node
  readonly #ctr: string[]

  constructor(node: Node, socket: string) {
    this.#node = node
    this.#ctr = ['ctr', '--address', socket, '--namespace', namespace]
  }

  /** Resolves to the names that the archive brought. */
  async load(archive: Readable | Buffer, signal?: AbortSignal): Promise<string[]> {
    const plain = archive instanceof Readable ? await decompress(archive) : archive
    try {
      const { stdout } = await this.#node.run([...this.#ctr, 'images', 'import', '--all-platforms', '-'], {
        stdin: plain,
        ...(signal && { signal }),
      })
      const names = [...stdout.toString().matchAll(/^unpacking (\S+)/gm)].map(([, name]) => name!)
      return [...new Set(names)]
    } catch (error) {
      signal?.throwIfAborted()
      if (/no space left on device/.test(shortOf(error))) {
        throw new MinikubeError(
          'RSRC_INSUFFICIENT_STORAGE',
          `there is no room for the image: ${shortOf(error)}`,
          {
            advice: "Free some space, for example with 'minikube image rm', then load it again.",
            cause: error,
          },
        )
      }
      throw new MinikubeError(
        'GUEST_IMAGE_LOAD',
        `this is no image archive that containerd can read: ${shortOf(error)}`,
        {
          advice: "Make one with 'docker save', 'podman save --format oci-archive' or 'minikube image save'.",
          cause: error,
        },
      )
    }
  }

  save(names: string[]): Readable {
    const output = new PassThrough()
    this.#node
      .run([...this.#ctr, 'images', 'export', '-', ...names], { stdout: output, collect: false })
      .then(() => output.end())
      .catch((error: unknown) =>
        output.destroy(new MinikubeError('GUEST_IMAGE_SAVE', `it cannot be saved: ${shortOf(error)}`)),
      )
    return output
  }

  async tag(source: string, target: string): Promise<void> {
    try {
      await this.#node.run([...this.#ctr, 'images', 'tag', '--force', source, target])
    } catch (error) {
      throw new MinikubeError('GUEST_IMAGE_TAG', `${source} cannot be tagged as ${target}: ${shortOf(error)}`)
    }
  }

  /** Takes one name from an image that has others. */
  async untag(name: string): Promise<void> {
    try {
      await this.#node.run([...this.#ctr, 'images', 'rm', '--sync', name])
    } catch (error) {
      throw new MinikubeError('GUEST_IMAGE_REMOVE', `${name} cannot be removed: ${shortOf(error)}`)
    }
  }

  async push(name: string, layout: RuntimeLayout, work: Work): Promise<void> {
    try {
      await this.#node.run(
        [...this.#ctr, 'images', 'push', '--hosts-dir', containerdPaths(layout).certs, name],
        {
          signal: work.signal,
        },
      )
    } catch (error) {
      work.signal.throwIfAborted()
      throw new MinikubeError('GUEST_IMAGE_PUSH', `${name} cannot be pushed: ${shortOf(error)}`, {
        advice:
          'Check that the registry can be reached from this machine; name one without TLS with --insecure-registry at start.',
      })
    }
  }
}

/** ctr's own words, without its name and the level in front. */
function shortOf(error: unknown): string {
  const text = error instanceof CommandFailed && error.stderr ? error.stderr : messageOf(error)
  return text
    .trim()
    .split('\n')
    .at(-1)!
    .replace(/^ctr: /, '')
}
