import { existsSync } from 'node:fs'
import { join } from 'node:path'
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

  /** `show`: its output goes to this terminal's standard error while it runs. */
  async run(
    argv: string[],
    options: { work?: Work; env?: Record<string, string>; show?: boolean },
  ): Promise<void> {
    const at = (name: string): string => join(this.#directory, name)
    const [command, ...rest] = argv
    await this.#node.run(
      [
        ...this.#prefix,
        'buildah',
        `--root=${at('storage')}`,
        `--runroot=${at('runroot')}`,
        '--storage-driver=overlay',
        command!,
        `--signature-policy=${at('policy.json')}`,
        ...rest,
      ],
      {
        env: {
          CONTAINERS_CONF: at('containers.conf'),
          CONTAINERS_REGISTRIES_CONF: at('registries.conf'),
          CONTAINERS_STORAGE_CONF: at('storage.conf'),
          TMPDIR: this.#directory,
          ...options.env,
        },
        ...(options.work && { signal: options.work.signal }),
        ...(options.show && { stdout: process.stderr, stderr: process.stderr }),
      },
    )
  }
}
