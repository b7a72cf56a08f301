import { isReason } from '../../api/api-error.ts'
import type { StatefulSet } from '../../api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event-recorder.ts'
import type { Informer } from '../../client/informer.ts'
import { persistentVolumeClaims, pods } from '../../client/resources.ts'
import { errorMessage } from '../common/errors.ts'
import { hasOtherController, hasRightOwners, isStaleFor, withRightOwners } from './claim-owners.ts'
import { claimsOf, hasIdentity, ordinalOf, withIdentity } from './identity.ts'

type Verb = 'Create' | 'Update' | 'Delete'

/** Writes the pods of StatefulSets and the claims that belong to them, and tells the sets' events. */
export class StatefulPodControl {
  readonly #client: Client
  readonly #events: EventRecorder
  readonly #claims: Informer<PersistentVolumeClaim>

  constructor(client: Client, events: EventRecorder, claims: Informer<PersistentVolumeClaim>) {
    this.#client = client
    this.#events = events
    this.#claims = claims
  }

  async create(set: StatefulSet, pod: Pod): Promise<Pod> {
    try {
      await this.#createClaims(set, pod)
      const created = await this.#client.create<Pod>(pods, pod.metadata.namespace, pod)
      await this.#fixClaimOwners(set, created)
      this.#tell('Create', set, pod)
      return created
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) this.#tell('Create', set, pod, error)
      throw error
    }
  }

  async delete(set: StatefulSet, pod: Pod): Promise<void> {
    try {
      await this.#client.delete(pods, pod.metadata.namespace, pod.metadata.name ?? '')
      this.#tell('Delete', set, pod)
    } catch (error) {
      if (isReason(error, 'NotFound')) return
      this.#tell('Delete', set, pod, error)
      throw error
    }
  }

  /** Gives a pod back its labels and volumes, and its claims their owners, where they lack. */
  async repair(set: StatefulSet, pod: Pod): Promise<void> {
    const right = hasIdentity(set, pod)
    if (right && this.claimsFit(set, pod)) return
    try {
      if (!right) await this.#createClaims(set, pod)
      await this.#fixClaimOwners(set, pod)
      if (right) return
      await this.#client.update<Pod>(pods, withIdentity(set, pod))
      this.#tell('Update', set, pod)
    } catch (error) {
      if (!isReason(error, 'Conflict')) this.#tell('Update', set, pod, error)
      throw error
    }
  }

  async createMissingClaims(set: StatefulSet, pod: Pod): Promise<void> {
    await this.#createClaims(set, pod)
    await this.#fixClaimOwners(set, pod)
  }

  /** The retention policy is in force for the pod's claims, as far as they exist. */
  claimsFit(set: StatefulSet, pod: Pod): boolean {
    return this.#existingClaims(set, pod).every((claim) => hasRightOwners(claim, set, pod))
  }

  fixClaimOwners(set: StatefulSet, pod: Pod): Promise<void> {
    return this.#fixClaimOwners(set, pod)
  }

  /** A claim still belongs to an earlier pod of that name and will go with it: the new pod has to wait. */
  hasStaleClaim(set: StatefulSet, pod: Pod): boolean {
    if (set.spec?.persistentVolumeClaimRetentionPolicy?.whenScaled !== 'Delete') return false
    return this.#existingClaims(set, pod).some((claim) => isStaleFor(claim, pod, set))
  }

  #existingClaims(set: StatefulSet, pod: Pod): PersistentVolumeClaim[] {
    return claimsOf(set, ordinalOf(pod)).flatMap(
      ({ metadata }) => this.#claims.get(metadata.namespace ?? '', metadata.name ?? '') ?? [],
    )
  }

  async #createClaims(set: StatefulSet, pod: Pod): Promise<void> {
    let failure: unknown
    for (const claim of claimsOf(set, ordinalOf(pod))) {
      const { namespace = '', name = '' } = claim.metadata
      const existing = this.#claims.get(namespace, name)
      if (existing?.metadata.deletionTimestamp) failure ??= new Error(`pvc ${name} is being deleted`)
      if (existing) continue
      const about = `Create Claim ${name}`
      const where = `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
      try {
        await this.#client.create(persistentVolumeClaims, namespace, claim)
        this.#events.event({ ...set }, 'Normal', 'SuccessfulCreate', `${about} ${where} success`)
      } catch (error) {
        if (isReason(error, 'AlreadyExists')) continue
        failure ??= new Error(`failed to create PVC ${name}: ${errorMessage(error)}`)
        const message = `${about} for ${where} failed error: ${errorMessage(error)}`
        this.#events.event({ ...set }, 'Warning', 'FailedCreate', message)
      }
    }
    if (failure !== undefined) throw failure
  }

  async #fixClaimOwners(set: StatefulSet, pod: Pod): Promise<void> {
    for (const claim of this.#existingClaims(set, pod)) {
      if (hasOtherController(claim, set, pod)) {
        const message = `PersistentVolumeClaim ${claim.metadata.name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`
        this.#events.event({ ...set }, 'Warning', 'ConflictingController', message)
      }
      if (hasRightOwners(claim, set, pod)) continue
      await this.#client.update(persistentVolumeClaims, withRightOwners(claim, set, pod))
    }
  }

  #tell(verb: Verb, set: StatefulSet, pod: Pod, error?: unknown): void {
    const what = `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
    if (error === undefined)
      this.#events.event({ ...set }, 'Normal', `Successful${verb}`, `${what} successful`)
    else {
      const message = `${what} failed error: ${errorMessage(error)}`
      this.#events.event({ ...set }, 'Warning', `Failed${verb}`, message)
    }
  }
}
