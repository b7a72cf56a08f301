import { cloneJson } from '../../api/json.ts'
import {
  boundByControllerAnnotation,
  isFullyBound,
  isVolumeOfClaim,
  selectedNodeAnnotation,
} from '../../api/storage/claims.ts'
import { isUsableOn } from '../../api/storage/match-volume.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import * as resources from '../../client/resources.ts'
import type { Reservation } from '../plugins/plugin.ts'
import type { VolumePlan } from './find-volumes.ts'
import type { VolumeCaches } from './volume-caches.ts'

/** How long the volume controller and provisioners have. */
const bindTimeoutMs = 600_000

/** Claims a plan's volumes in memory at once; `bind` writes it down and waits until every claim is bound. */
export function reserveVolumes(
  node: Node,
  plan: VolumePlan,
  caches: VolumeCaches,
  client: Client,
): Reservation {
  const { assumedClaims, assumedVolumes } = caches
  const volumes = plan.bindings.map(({ claim, volume }) => boundTo(volume, claim))
  const claims = plan.provisions.map((claim) => selectedFor(claim, node.metadata.name ?? ''))
  for (const volume of volumes) assumedVolumes.assume(volume)
  for (const claim of claims) assumedClaims.assume(claim)

  return {
    async bind(signal) {
      for (const volume of volumes) await client.update(resources.persistentVolumes, volume)
      for (const claim of claims) await client.update(resources.persistentVolumeClaims, claim)
      const waiting = [...plan.bindings.map(({ claim }) => claim), ...claims]
      await allBound(waiting, node, caches, signal)
    },
    release() {
      for (const volume of volumes) assumedVolumes.restore(volume)
      for (const claim of claims) assumedClaims.restore(claim)
    },
  }
}

function boundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { namespace, name, uid, resourceVersion } = claim.metadata
  const bound = cloneJson(volume)
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion }
  if (bound.spec && bound.spec.claimRef?.uid !== uid) Object.assign(bound.spec, { claimRef })
  if (!isVolumeOfClaim(volume, claim)) {
    bound.metadata.annotations = { ...bound.metadata.annotations, [boundByControllerAnnotation]: 'yes' }
  }
  return bound
}

function selectedFor(claim: PersistentVolumeClaim, node: string): PersistentVolumeClaim {
  const selected = cloneJson(claim)
  selected.metadata.annotations = { ...selected.metadata.annotations, [selectedNodeAnnotation]: node }
  return selected
}

/** Resolves when the volume controller has bound all the claims; rejects when it cannot be any more, or not in time. */
function allBound(
  claims: readonly PersistentVolumeClaim[],
  node: Node,
  caches: VolumeCaches,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(
    () => reject(new Error('binding volumes: context deadline exceeded')),
    bindTimeoutMs,
  )
  const aborted = () => reject(new Error('binding volumes: context canceled'))
  signal.addEventListener('abort', aborted)
  /** The write itself comes back as an event; before it, the cache shows the claim without the chosen node. */
  const seen = new Set<string>()

  function check(): void {
    const states = claims.map((claim) => stateOf(claim, node, caches, seen))
    const trouble = states.find((state) => typeof state === 'string')
    if (typeof trouble === 'string') reject(new Error(`binding volumes: ${trouble}`))
    else if (states.every((state) => state)) resolve()
  }
  const stops = [caches.claims.listen(check), caches.volumes.listen(check)]
  return promise.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', aborted)
    for (const stop of stops) stop()
  })
}

/** Bound, not yet, or why never. */
function stateOf(
  { metadata }: PersistentVolumeClaim,
  node: Node,
  { claims, volumes }: VolumeCaches,
  seen: Set<string>,
): boolean | string {
  const name = metadata.name ?? ''
  const claim = claims.get(metadata.namespace ?? '', name)
  if (!claim || claim.metadata.uid !== metadata.uid) return `persistentvolumeclaim "${name}" not found`
  const wanted = metadata.annotations?.[selectedNodeAnnotation]
  if (wanted !== undefined) {
    const selected = claim.metadata.annotations?.[selectedNodeAnnotation]
    if (selected === wanted) seen.add(name)
    // A provisioner that fails for good takes the annotation off again, so that another node can be tried.
    else if (seen.has(name)) return `provisioning failed for PVC "${name}"`
    else return false
  }
  if (!isFullyBound(claim)) return false
  const volume = volumes.get('', claim.spec?.volumeName ?? '')
  if (!volume) return false
  if (isUsableOn(volume, node)) return true
  return `pv "${volume.metadata.name}" node affinity doesn't match node "${node.metadata.name}": no matching NodeSelectorTerms`
}
