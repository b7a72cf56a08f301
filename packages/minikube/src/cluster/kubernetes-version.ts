import type { Engine } from '../engines/engine.ts'
import { MinikubeError } from '../error.ts'

/** Checks the wish for a Kubernetes version against what the engine serves. */
export function chooseKubernetesVersion(wish: string | undefined, engine: Engine): string {
  if (wish === undefined || wish === '' || wish === 'stable' || wish === 'latest') return engine.version
  const wanted = parse(wish)
  if (!wanted) {
    throw new MinikubeError(
      'MK_USAGE',
      `invalid value "${wish}" for --kubernetes-version: it must be like ${engine.version}`,
    )
  }
  const served = parse(engine.version)!
  if (wanted.major === served.major && wanted.minor === served.minor) return engine.version
  const older = wanted.major < served.major || (wanted.major === served.major && wanted.minor < served.minor)
  throw new MinikubeError(
    older ? 'K8S_OLD_UNSUPPORTED' : 'K8S_NEW_UNSUPPORTED',
    `the engine "${engine.name}" is Kubernetes ${engine.version}, not ${wish}`,
    { advice: 'Leave out --kubernetes-version.' },
  )
}

function parse(text: string): { major: number; minor: number } | undefined {
  const match = /^v?(\d+)\.(\d+)(\.\d+.*)?$/.exec(text)
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined
}
