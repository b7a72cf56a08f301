import type { Deployment } from '../../api/types/apps-v1.ts'
import { deployments } from '../../client/resources.ts'
import { annotationsAfterRollback, previousRevision, revisionOf, rollbackAnnotation } from './annotations.ts'
import { resolveSets } from './new-replica-set.ts'
import { sameTemplate, withoutHash } from './replica-sets.ts'
import { allOf, type OwnDeployment, type Rollout } from './rollout.ts'

/** The revision that the old annotation of extensions/v1beta1 asks for; 0 is the one before. */
export function wantedRollback({ metadata }: OwnDeployment): bigint | undefined {
  const text = metadata.annotations?.[rollbackAnnotation]
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined
}

export async function rollBack(rollout: Rollout, asked: bigint): Promise<void> {
  const { client, deployment, events } = rollout
  const sets = allOf(await resolveSets(rollout, true))
  const name = deployment.metadata.name
  const revision = asked || previousRevision(sets)
  const target = sets.find((set) => revision > 0n && revisionOf(set) === revision)
  let done = false
  if (!target) {
    const what = revision === 0n ? 'last revision.' : 'the revision to rollback to.'
    events.event({ ...deployment }, 'Warning', 'DeploymentRollbackRevisionNotFound', `Unable to find ${what}`)
  } else if (sameTemplate(target.spec?.template, deployment.spec.template)) {
    const message = `The rollback revision contains the same template as current deployment "${name}"`
    events.event({ ...deployment }, 'Warning', 'DeploymentRollbackTemplateUnchanged', message)
  } else {
    deployment.spec.template = withoutHash(target.spec?.template)
    deployment.metadata.annotations = annotationsAfterRollback(deployment, target)
    done = true
  }
  const { [rollbackAnnotation]: _, ...annotations } = deployment.metadata.annotations ?? {}
  await client.update<Deployment>(deployments, {
    ...deployment,
    metadata: { ...deployment.metadata, annotations },
  })
  if (done) {
    const message = `Rolled back deployment "${name}" to revision ${revision}`
    events.event({ ...deployment }, 'Normal', 'DeploymentRollback', message)
  }
}
