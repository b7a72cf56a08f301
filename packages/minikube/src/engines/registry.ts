import { MinikubeError } from '../error.ts'
import type { Engine } from './engine.ts'

const engines: Record<string, (() => Promise<Engine>) | undefined> = {
  embedded: async () => new (await import('./embedded/embedded-engine.ts')).EmbeddedEngine(),
  kubeadm: undefined,
}

export async function findEngine(name: string): Promise<Engine> {
  const load = Object.hasOwn(engines, name) ? engines[name] : undefined
  if (load) return load()
  if (name in engines) {
    throw new MinikubeError('MK_UNIMPLEMENTED', `the bootstrapper "${name}" is not there yet`, {
      advice: 'Leave out --bootstrapper: the engine of minikube itself is used then.',
    })
  }
  throw new MinikubeError('MK_USAGE', `there is no bootstrapper "${name}"`, {
    advice: "Leave out --bootstrapper, or use 'embedded'.",
  })
}
