import type { APIService } from '../../../api/types/apiregistration-v1.ts'
import type { KindRules } from './kind-rules.ts'

/** An API that no Service serves is served here, and so is available from the start. */
export const apiServiceRules: KindRules = {
  unconditionalUpdate: false,
  statusKeepsMetadata: true,
  create(object, { now }) {
    const service = object as unknown as APIService
    if (service.spec?.service) return
    service.status = {
      conditions: [
        {
          type: 'Available',
          status: 'True',
          lastTransitionTime: now,
          reason: 'Local',
          message: 'Local APIServices are always available',
        },
      ],
    }
  },
}
