import type { Lease } from '../../types/coordination-v1.ts'
import type { Field } from '../field.ts'
import { isQualifiedName } from '../formats.ts'
import type { Validator } from '../validator.ts'

const oldestVersion = 'OldestEmulationVersion'

function validateLease({ spec = {} }: Lease, field: Field): void {
  const at = field.at('spec')
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, strategy, preferredHolder } = spec
  if (duration !== undefined && duration <= 0)
    at.at('leaseDurationSeconds').invalid(duration, 'must be greater than 0')
  if (transitions !== undefined && transitions < 0)
    at.at('leaseTransitions').invalid(transitions, 'must be greater than or equal to 0')
  // Strategies with a domain are somebody else's.
  if (strategy?.includes('/')) at.at('strategy', 'strategy').check(strategy, isQualifiedName(strategy))
  else if (strategy !== undefined && strategy !== oldestVersion)
    at.at('strategy', 'strategy').notSupported(strategy, [oldestVersion])
  if (preferredHolder && !strategy)
    at.at('preferredHolder').forbidden('may only be specified if `strategy` is defined')
}

export const leases: Validator<Lease> = {
  create: validateLease,
  update: (next, _old, _subresource, field) => validateLease(next, field),
}
