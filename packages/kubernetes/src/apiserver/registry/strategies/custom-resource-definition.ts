import { deepEqual } from '../../../api/json.ts'
import type { StoredKubeObject } from '../../../api/kube-object.ts'
import type { CustomResourceDefinition } from '../../../api/types/apiextensions-v1.ts'
import type { KindRules } from './kind-rules.ts'

/** `status.storedVersions` remembers every version that ever was the one to store in. */
export const customResourceDefinitionRules: KindRules = {
  unconditionalUpdate: false,
  create: rememberStoredVersion,
  update: rememberStoredVersion,
  generation: (next, old) => !deepEqual(next.spec, old.spec),
}

function rememberStoredVersion(object: StoredKubeObject): void {
  const definition = object as unknown as CustomResourceDefinition
  const stored = definition.spec.versions.find((version) => version.storage)
  const known = definition.status?.storedVersions ?? []
  if (!stored || known.includes(stored.name)) return
  definition.status = { ...definition.status, storedVersions: [...known, stored.name] }
}
