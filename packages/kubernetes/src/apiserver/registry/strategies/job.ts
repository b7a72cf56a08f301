import { deepEqual } from '../../../api/json.ts'
import type { Job } from '../../../api/types/batch-v1.ts'
import type { KindRules } from './kind-rules.ts'
import { jobWarnings } from './warnings.ts'

/**
 * A new job gets labels by its name and uid for its pods, and a selector of the uid, unless it brings a selector itself
 * (`manualSelector`). Labels that the user set stay; validation refuses wrong ones.
 */
export const jobRules: KindRules = {
  create(object) {
    const job = object as unknown as Job
    const { spec } = job
    if (!spec || spec.manualSelector) return
    const name = job.metadata.name ?? ''
    const uid = job.metadata.uid ?? ''
    const template = spec.template
    spec.template = {
      ...template,
      metadata: {
        ...template?.metadata,
        labels: {
          'job-name': name,
          'batch.kubernetes.io/job-name': name,
          'controller-uid': uid,
          'batch.kubernetes.io/controller-uid': uid,
          ...template?.metadata?.labels,
        },
      },
    }
    spec.selector = {
      ...spec.selector,
      matchLabels: { 'batch.kubernetes.io/controller-uid': uid, ...spec.selector?.matchLabels },
    }
  },
  generation: (next, old) => !deepEqual(next.spec, old.spec),
  warnings: jobWarnings,
}
