import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../../api/types/certificates-v1.ts'
import type { KindRules } from './kind-rules.ts'
import { carry } from './make-strategy.ts'

/**
 * A signing request says who made it; that and the rest of its spec never change. `status` issues, `approval` approves or
 * denies, and neither does the other's.
 */
export const certificateSigningRequestRules: KindRules = {
  create(object, { user }) {
    const request = object as unknown as CertificateSigningRequest
    const { username: _u, uid: _i, groups: _g, extra: _e, ...spec } = request.spec
    request.spec = {
      ...spec,
      ...(user.username && { username: user.username }),
      ...(user.uid && { uid: user.uid }),
      ...(user.groups.length && { groups: [...user.groups] }),
      ...(user.extra && Object.keys(user.extra).length && { extra: user.extra }),
    }
  },
  update(next, old) {
    carry(next, old, 'spec')
  },
  subresources: {
    status(next, old, { now }) {
      carry(next, old, 'spec')
      const request = next as unknown as CertificateSigningRequest
      const before = (old as unknown as CertificateSigningRequest).status?.conditions ?? []
      const conditions = request.status?.conditions
      if (!conditions) return
      let kept = conditions
      for (const type of ['Approved', 'Denied']) kept = keepInstances(kept, before, type)
      request.status = { ...request.status, conditions: withTimes(kept, before, now) }
    },
    approval(next, old, { now }) {
      const request = next as unknown as CertificateSigningRequest
      const before = old as unknown as CertificateSigningRequest
      const conditions = request.status?.conditions
      carry(next, old, 'spec')
      const { conditions: _, ...rest } = before.status ?? {}
      request.status = {
        ...rest,
        ...(conditions && { conditions: withTimes(conditions, before.status?.conditions ?? [], now) }),
      }
    },
  },
  reset: {
    '': { paths: [['spec'], ['status']], only: true },
    status: { paths: [['spec'], ['status', 'conditions']], only: true },
    approval: { paths: [['spec'], ['status', 'certificate']], only: true },
  },
}

type Conditions = CertificateSigningRequestCondition[]

/** Approvals and denials stay what they were while there are as many; validation tells when there are not. */
function keepInstances(conditions: Conditions, old: Conditions, type: string): Conditions {
  const before = old.filter((condition) => condition.type === type)
  if (conditions.filter((condition) => condition.type === type).length !== before.length) return conditions
  let index = 0
  return conditions.map((condition) => (condition.type === type ? (before[index++] ?? condition) : condition))
}

function withTimes(conditions: Conditions, old: Conditions, now: string): Conditions {
  return conditions.map((condition) => {
    const before = old.find(
      (other) =>
        other.type === condition.type && other.status === condition.status && other.lastTransitionTime,
    )
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? now,
      lastTransitionTime: condition.lastTransitionTime ?? before?.lastTransitionTime ?? now,
    }
  })
}
