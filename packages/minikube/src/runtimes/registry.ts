import { MinikubeError } from '../error.ts'
import type { ContainerRuntime } from './runtime.ts'

/** Runtimes by name; those without `load` come later. */
const runtimes: readonly { names: readonly string[]; load?: () => Promise<ContainerRuntime> }[] = [
  {
    names: ['containerd'],
    load: async () => new (await import('./containerd/containerd-runtime.ts')).ContainerdRuntime(),
  },
  { names: ['docker'] },
  { names: ['cri-o', 'crio'] },
]

/** `auto` is the first that works everywhere: containerd. */
export async function findRuntime(name: string): Promise<ContainerRuntime> {
  const wanted = name === 'auto' || name === '' ? 'containerd' : name
  const found = runtimes.find(({ names }) => names.includes(wanted))
  if (!found) {
    throw new MinikubeError('MK_USAGE', `there is no container runtime "${name}"`, {
      advice: "Leave out --container-runtime, or use 'containerd'.",
    })
  }
  if (!found.load) {
    throw new MinikubeError('RUNTIME_UNSUPPORTED', `the container runtime "${name}" is not there yet`, {
      advice: "Leave out --container-runtime, or use 'containerd'.",
    })
  }
  return found.load()
}
