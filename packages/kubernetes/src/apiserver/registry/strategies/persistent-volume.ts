import type { PersistentVolume, PersistentVolumeClaim } from '../../../api/types/core-v1.ts'
import type { KindRules } from './kind-rules.ts'
import { claimWarnings, volumeWarnings } from './warnings.ts'

/** A volume starts out Pending, and its status says since when its phase is what it is. */
export const persistentVolumeRules: KindRules = {
  create(object, { now }) {
    object.status = { phase: 'Pending', lastPhaseTransitionTime: now }
  },
  subresources: {
    status(next, old, { now }) {
      const volume = next as unknown as PersistentVolume
      const before = old as unknown as PersistentVolume
      if (old.spec) next.spec = old.spec
      const since = before.status?.lastPhaseTransitionTime
      const said = volume.status?.lastPhaseTransitionTime
      if (volume.status?.phase === before.status?.phase) {
        if (!said && since) volume.status = { ...volume.status, lastPhaseTransitionTime: since }
      } else if (!said || said === since) {
        volume.status = { ...volume.status, lastPhaseTransitionTime: now }
      }
    },
  },
  warnings: volumeWarnings,
}

/** `dataSource` and `dataSourceRef` say the same; a data source that old clients may not name is dropped. */
export const persistentVolumeClaimRules: KindRules = {
  create: (object) => alignDataSources(object as unknown as PersistentVolumeClaim, undefined),
  update: (next, old) =>
    alignDataSources(next as unknown as PersistentVolumeClaim, old as unknown as PersistentVolumeClaim),
  warnings: claimWarnings,
}

function alignDataSources(claim: PersistentVolumeClaim, old: PersistentVolumeClaim | undefined): void {
  const spec = { ...claim.spec }
  claim.spec = spec
  // Data from another namespace is behind a feature gate that is off.
  if (spec.dataSourceRef?.namespace && !old?.spec?.dataSourceRef) delete spec.dataSourceRef
  const { dataSource } = spec
  if (dataSource && !old?.spec?.dataSource && !spec.dataSourceRef) {
    const allowed =
      (dataSource.kind === 'PersistentVolumeClaim' && !dataSource.apiGroup) ||
      (dataSource.kind === 'VolumeSnapshot' && dataSource.apiGroup === 'snapshot.storage.k8s.io')
    if (!allowed) delete spec.dataSource
  }
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource }
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    const { namespace: _, ...source } = spec.dataSourceRef
    spec.dataSource = source
  }
}
