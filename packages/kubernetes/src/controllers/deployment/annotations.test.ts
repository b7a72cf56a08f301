import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplicaSet } from '../../api/types/apps-v1.ts'
import { annotationsOfNewSet, highestRevision, previousRevision, revisionAnnotation } from './annotations.ts'
import type { OwnDeployment } from './rollout.ts'

const set = (revision: string): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { annotations: { [revisionAnnotation]: revision } },
})

test('revisions are whole numbers of 64 bits', () => {
  const sets = [set('7'), set('3546343826724305833'), set('3546343826724305832'), set('x'), set('')]
  assert.equal(highestRevision(sets), 3546343826724305833n)
  assert.equal(previousRevision(sets), 3546343826724305832n)
  assert.equal(previousRevision([set('7')]), 0n)
  const deployment = { metadata: {}, spec: { replicas: 1 }, status: {} } as OwnDeployment
  const annotations = annotationsOfNewSet(deployment, { [revisionAnnotation]: '2' }, highestRevision(sets))
  assert.equal(annotations[revisionAnnotation], '3546343826724305833')
  assert.equal(annotations['deployment.kubernetes.io/revision-history'], '2')
})
