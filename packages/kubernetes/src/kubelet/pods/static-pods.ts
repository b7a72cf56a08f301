import { createHash } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod, PodSpec } from '../../api/types/core-v1.ts'
import type { Logger } from '../../log.ts'
import { hashAnnotation, type NodePod, sourceAnnotation } from './node-pod.ts'

export interface StaticPodsOptions {
  directory: string
  nodeName: string
  log: Logger
  /** All pods that the files describe now. */
  onChange(pods: NodePod[]): void
}

/** Pods described by files on the node: they run without a control plane. Follows the directory by its events. */
export class StaticPods {
  private readonly options: StaticPodsOptions
  private watcher: FSWatcher | undefined
  private reading: Promise<void> | undefined
  private again = false

  constructor(options: StaticPodsOptions) {
    this.options = options
  }

  /** Resolves when the files have been read once. */
  async start(): Promise<void> {
    const { directory } = this.options
    await mkdir(directory, { recursive: true })
    this.watcher = watch(directory, () => void this.read())
    await this.read()
  }

  stop(): void {
    this.watcher?.close()
  }

  /** One reading at a time; events meanwhile cause one more. */
  private read(): Promise<void> {
    if (this.reading) {
      this.again = true
      return this.reading
    }
    this.reading = this.readAll().finally(() => {
      this.reading = undefined
      if (!this.again) return
      this.again = false
      void this.read()
    })
    return this.reading
  }

  private async readAll(): Promise<void> {
    const { directory, nodeName, log, onChange } = this.options
    const pods: NodePod[] = []
    for (const name of (await readdir(directory)).sort()) {
      if (name.startsWith('.')) continue
      const file = join(directory, name)
      try {
        pods.push(await staticPod(file, await readFile(file, 'utf8'), nodeName))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ENOENT' && code !== 'EISDIR') log.error('cannot read static pod', { file, error })
      }
    }
    onChange(pods)
  }
}

/** The pod that a file describes, with defaults, named after the node, and with a uid that its content decides. */
async function staticPod(file: string, text: string, nodeName: string): Promise<NodePod> {
  const pod = await readPod(text)
  const { name, namespace = 'default', annotations, labels } = pod.metadata
  if (!name) throw new Error('invalid pod: name is needed for the pod')
  const hash = createHash('md5').update(JSON.stringify(pod)).update(`host:${nodeName}file:${file}`)
  const uid = pod.metadata.uid ?? hash.digest('hex')
  const spec: PodSpec = {
    ...pod.spec!,
    nodeName,
    tolerations: [...(pod.spec?.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${nodeName}`.toLowerCase(),
      namespace,
      uid,
      ...(labels && { labels }),
      annotations: { ...annotations, [hashAnnotation]: uid, [sourceAnnotation]: 'file' },
    },
    spec,
    status: { phase: 'Pending' },
  }
}

async function readPod(text: string): Promise<Pod & { spec?: PodSpec }> {
  // Schemas and the YAML reader are large: only nodes that have static pods need them.
  const [{ decodeYaml }, { conform }, { schemaOf }, { applyStructDefaults }] = await Promise.all([
    import('../../api/codec/yaml.ts'),
    import('../../api/structure/conform.ts'),
    import('../../api/schema/schemas.ts'),
    import('../../api/defaults/apply-defaults.ts'),
  ])
  const value = decodeYaml(text) as { kind?: string } | null
  if (value?.kind !== 'Pod') throw new Error(`invalid pod: kind is ${value?.kind ?? 'not given'}`)
  const schema = 'io.k8s.api.core.v1.Pod'
  const pod = conform(schemaOf(schema), value)
  applyStructDefaults(schema, pod)
  return pod as unknown as Pod & { spec?: PodSpec }
}
