import { toTime } from '../../../api/time.ts'
import type { CreateHandler } from '../create-handler.ts'

/** `create` of SelfSubjectReview: who am I (`kubectl auth whoami`)? */
export function createSelfSubjectReviewHandler(now: () => number): CreateHandler {
  return async ({ user }) => ({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
    metadata: { creationTimestamp: toTime(now()) },
    status: { userInfo: { ...user } },
  })
}
