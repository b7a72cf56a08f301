import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import type { Node } from '../node/node.ts'
import { unpackPackages } from '../node/private-packages.ts'
import type { Work } from '../progress.ts'
import type { Cluster } from './cluster.ts'
import { missingPrograms } from './missing-programs.ts'

const policy = '{"default":[{"type":"insecureAcceptAnything"}]}\n'

/**
 * buildah, for Dockerfiles. Where it is not installed it is unpacked below the cluster's data and runs in a mount
 * namespace in which that lies over /usr, so nothing of the machine changes and no mount is left.
 */
export class Builder {
  readonly #node: Node
  readonly #directory: string
  readonly #prefix: string[]

  private constructor(node: Node, directory: string, prefix: string[]) {
    this.#node = node
    this.#directory = directory
    this.#prefix = prefix
  }

  static async open(cluster: Cluster, work: Work): Promise<Builder> {
    const directory = join(cluster.layout.data, 'build')
    const { node } = cluster
    await node.writeFiles([
      { path: join(directory, 'policy.json'), content: policy },
      {
        path: join(directory, 'registries.conf'),
        content: 'unqualified-search-registries = ["docker.io"]\n',
      },
      { path: join(directory, 'containers.conf'), content: '[containers]\n' },
      { path: join(directory, 'storage.conf'), content: '[storage]\ndriver = "overlay"\n' },
    ])
    if ((await missingPrograms(node, ['buildah'])).length === 0)
      return new Builder(node, directory, ['unshare', '--mount'])
    const unpacked = join(directory, 'buildah')
    if (!existsSync(join(unpacked, 'usr', 'bin', 'buildah'))) {
      work.progress.info(
        'Getting the builder: the Debian package buildah, unpacked with the data of the cluster ...',
      )
      await unpackPackages(node, ['buildah'], unpacked, work)
    }
    const script = 'mount -t overlay overlay -o "lowerdir=$1:/usr" /usr && shift && exec "$@"'
    return new Builder(node, directory, [
      'unshare',
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      join(unpacked, 'usr'),
    ])
  }

  /** The image as a docker-archive, through a FIFO at `fifo`. Errors come through the stream. */
  save(name: string, fifo: string): Readable {
    const output = new PassThrough()
    const push = [
      'sh',
      '-c',
      'mkfifo "$1" && { cat "$1" & } && shift && { "$@" || { code=$?; kill $!; exit $code; }; } && wait',
      'sh',
      fifo,
      ...this.#argv(['push', '--quiet', name, `docker-archive:${fifo}:${name}`]),
    ]
    this.#node
      .run(push, { env: this.#env(), stdout: output, collect: false })
      .then(() => output.end())
      .catch((error: unknown) => output.destroy(error as Error))
    return output
  }

  /** `show`: its output goes to this terminal's standard error while it runs. */
  async run(
    argv: string[],
    options: { work?: Work; env?: Record<string, string>; show?: boolean },
  ): Promise<void> {
    await this.#node.run(this.#argv(argv), {
      env: { ...this.#env(), ...options.env },
      ...(options.work && { signal: options.work.signal }),
      ...(options.show && { stdout: process.stderr, stderr: process.stderr }),
    })
  }

  #argv([command, ...rest]: string[]): string[] {
    return [
      ...this.#prefix,
      'buildah',
      `--root=${this.#at('storage')}`,
      `--runroot=${this.#at('runroot')}`,
      '--storage-driver=overlay',
      command!,
      `--signature-policy=${this.#at('policy.json')}`,
      ...rest,
    ]
  }

  #env(): Record<string, string> {
    return {
      CONTAINERS_CONF: this.#at('containers.conf'),
      CONTAINERS_REGISTRIES_CONF: this.#at('registries.conf'),
      CONTAINERS_STORAGE_CONF: this.#at('storage.conf'),
      TMPDIR: this.#directory,
    }
  }

  #at(name: string): string {
    return join(this.#directory, name)
  }
}
