import { isJsonObject } from '../../json.ts'
import type { ControllerRevision } from '../../types/apps-v1.ts'
import { validateImmutable } from '../immutable.ts'
import { nonNegative } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { daemonSets } from './daemon-sets.ts'
import { deployments, replicaSets } from './deployments.ts'
import { statefulSets } from './stateful-sets.ts'

const controllerRevisions: Validator<ControllerRevision> = {
  create({ revision, data }, field) {
    nonNegative(revision, field.at('revision'))
    if (data === undefined || data === null) field.at('data').required('data is mandatory')
    else if (!isJsonObject(data)) field.at('data').required('data must be a valid JSON object')
  },
  update(next, old, _subresource, field) {
    nonNegative(next.revision, field.at('revision'))
    validateImmutable(next.data, old.data, field.at('data'))
  },
}

export const appsValidators = {
  'controllerrevisions.apps': controllerRevisions,
  'daemonsets.apps': daemonSets,
  'deployments.apps': deployments,
  'replicasets.apps': replicaSets,
  'statefulsets.apps': statefulSets,
}
