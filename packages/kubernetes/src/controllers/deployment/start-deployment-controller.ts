import { cloneJson, deepEqual } from '../../api/json.ts'
import { labelMatcher } from '../../api/label-selector.ts'
import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { controllerOf } from '../../client/owner-reference.ts'
import { deployments, replicaSets } from '../../client/resources.ts'
import { claim } from '../common/claim.ts'
import { createLoop } from '../common/loop.ts'
import { ownedPods, podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { newCondition, setCondition } from './deployment-conditions.ts'
import { resolveSets } from './new-replica-set.ts'
import { rollBack, wantedRollback } from './rollback.ts'
import { hasProgressDeadline, type OwnDeployment, type Rollout, writeStatus } from './rollout.ts'
import { syncStatus } from './rollout-status.ts'
import { cleanUp, isScalingEvent, scaleSets } from './scaling.ts'
import { rolloutRecreate, rolloutRolling } from './strategies.ts'

const name = 'deployment-controller'

export function startDeploymentController(context: ControllerContext): Controller {
  const { client } = context
  const events = context.recorder(name)
  const cache = context.informers.informer<Deployment>(deployments)
  const sets = context.informers.informer<ReplicaSet>(replicaSets)
  const pods = podInformer(context)
  const loop = createLoop(context, { name, caches: [cache, sets, pods], reconcile })

  loop.follow(cache)

  function wakeOwner(set: ReplicaSet): boolean {
    const reference = controllerOf(set)
    if (!reference) return false
    const owner = cache.get(set.metadata.namespace ?? '', reference.name)
    if (reference.kind === 'Deployment' && owner?.metadata.uid === reference.uid) {
      loop.queue.add(keyOf(owner as Deployment))
    }
    return true
  }

  loop.listen(sets, ({ current, old }) => {
    if (old && controllerOf(old)?.uid !== (current && controllerOf(current)?.uid)) wakeOwner(old)
    if (!current || wakeOwner(current)) return
    if (
      old &&
      deepEqual(old.metadata, { ...current.metadata, resourceVersion: old.metadata.resourceVersion })
    )
      return
    for (const deployment of cache.list(current.metadata.namespace)) {
      if (labelMatcher(deployment.spec?.selector)(current.metadata.labels)) loop.queue.add(keyOf(deployment))
    }
  })

  // Only Recreate waits for pods to be gone.
  loop.listen(pods, ({ current, old }) => {
    if (current || !old) return
    const reference = controllerOf(old)
    if (reference?.kind !== 'ReplicaSet') return
    const set = sets.get(old.metadata.namespace ?? '', reference.name)
    const owner = set && controllerOf(set)
    const deployment = owner && cache.get(old.metadata.namespace ?? '', owner.name)
    if (deployment?.spec?.strategy?.type === 'Recreate') loop.queue.add(keyOf(deployment))
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: deploymentName } = splitKey(key)
    const cached = cache.get(namespace, deploymentName)
    if (!cached?.spec) return
    const deployment: OwnDeployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      ...cached,
      metadata: { ...cached.metadata },
      spec: { ...cached.spec },
      status: cloneJson(cached.status ?? {}),
    }
    if (selectsAll(deployment)) {
      const message = 'This deployment is selecting all pods. A non-empty selector is required.'
      events.event({ ...deployment }, 'Warning', 'SelectingAll', message)
      return
    }
    const matches = labelMatcher(deployment.spec.selector)
    const owned = await claim(sets.list(namespace), {
      client,
      resource: replicaSets,
      owner: deployment,
      ownerResource: deployments,
      ownerApiVersion: 'apps/v1',
      ownerKind: 'Deployment',
      matches: ({ metadata }) => matches(metadata.labels),
    })
    const rollout: Rollout = {
      client,
      events,
      now: context.now(),
      deployment,
      sets: owned,
      cachedSet: (setName) => sets.get(namespace, setName),
      again: (ms) => loop.queue.addAfter(key, ms),
    }
    await advance(rollout)
  }

  async function advance(rollout: Rollout): Promise<void> {
    const { deployment } = rollout
    if (deployment.metadata.deletionTimestamp) {
      await syncStatus(rollout, await resolveSets(rollout, false))
      return
    }
    await notePause(rollout)
    if (deployment.spec.paused) return scaleOnly(rollout)
    const rollback = wantedRollback(deployment)
    if (rollback !== undefined) return rollBack(rollout, rollback)
    if (isScalingEvent(deployment, await resolveSets(rollout, false))) return scaleOnly(rollout)
    if (deployment.spec.strategy?.type === 'Recreate') {
      return rolloutRecreate(rollout, (set) => ownedPods(pods, set.metadata.uid ?? ''))
    }
    return rolloutRolling(rollout)
  }

  return loop
}

async function scaleOnly(rollout: Rollout): Promise<void> {
  const resolved = await resolveSets(rollout, false)
  await scaleSets(rollout, resolved)
  if (rollout.deployment.spec.paused && wantedRollback(rollout.deployment) === undefined) {
    await cleanUp(rollout, resolved.old)
  }
  await syncStatus(rollout, resolved)
}

/** A pause stops the clock of the progress deadline. */
async function notePause(rollout: Rollout): Promise<void> {
  const { deployment, now } = rollout
  if (!hasProgressDeadline(deployment)) return
  const reason = findCondition(deployment.status.conditions, 'Progressing')?.reason
  if (reason === 'ProgressDeadlineExceeded') return
  const noted = reason === 'DeploymentPaused'
  const paused = deployment.spec.paused === true
  if (noted === paused) return
  setCondition(
    deployment.status,
    paused
      ? newCondition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', now)
      : newCondition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', now),
  )
  await writeStatus(rollout)
}

function selectsAll({ spec }: OwnDeployment): boolean {
  const { matchLabels, matchExpressions } = spec.selector
  return Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0
}
