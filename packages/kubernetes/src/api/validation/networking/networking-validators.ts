import { parseCidr } from '../../ip.ts'
import type { IPAddress, ServiceCIDR, ServiceCIDRSpec } from '../../types/networking-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Subdomain, isPathSegment } from '../formats.ts'
import { fieldIsImmutable, validateImmutable } from '../immutable.ts'
import { named, namedIfSet, validateCanonicalCidr } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { ingressClasses, ingresses } from './ingresses.ts'
import { networkPolicies } from './network-policies.ts'

const ipAddresses: Validator<IPAddress> = {
  create({ spec }, field) {
    const at = field.at('spec', 'parentRef')
    const parent = spec?.parentRef
    if (!parent) {
      at.required()
      return
    }
    namedIfSet(parent.group, isDns1123Subdomain, at.at('group'))
    named(parent.resource, isPathSegment, at.at('resource'))
    named(parent.name, isPathSegment, at.at('name'))
    namedIfSet(parent.namespace, isPathSegment, at.at('namespace'))
  },
  update(next, old, _subresource, field) {
    validateImmutable(next.spec?.parentRef, old.spec?.parentRef, field.at('spec', 'parentRef'))
  },
}

function validateServiceCidrs(spec: ServiceCIDRSpec = {}, field: Field): void {
  const { cidrs = [] } = spec
  if (cidrs.length === 0) {
    field.required('at least one CIDR required')
  } else if (cidrs.length > 2) {
    field.invalid(spec, 'may only hold up to 2 values')
  } else {
    for (const [index, cidr] of cidrs.entries()) validateCanonicalCidr(cidr, field.index(index))
    const [first, second] = cidrs.map((cidr) => parseCidr(cidr)?.network.family)
    if (first !== undefined && first === second) {
      field.invalid(
        cidrs,
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      )
    }
  }
}

const serviceCidrs: Validator<ServiceCIDR> = {
  create: ({ spec }, field) => validateServiceCidrs(spec, field.at('spec', 'cidrs')),
  update(next, old, subresource, field) {
    if (subresource === 'status') return
    const now = next.spec?.cidrs ?? []
    const before = old.spec?.cidrs ?? []
    const at = field.at('spec', 'cidrs')
    const becomesDual = before.length === 1 && now.length === 2
    if (now.length !== before.length && !becomesDual) {
      at.invalid(now, fieldIsImmutable)
      return
    }
    for (const [index, cidr] of before.entries())
      if (now[index] !== cidr) at.index(index).invalid(now[index], fieldIsImmutable)
    if (becomesDual) validateServiceCidrs(next.spec, at)
  },
}

export const networkingValidators = {
  'ingressclasses.networking.k8s.io': ingressClasses,
  'ingresses.networking.k8s.io': ingresses,
  'ipaddresses.networking.k8s.io': ipAddresses,
  'networkpolicies.networking.k8s.io': networkPolicies,
  'servicecidrs.networking.k8s.io': serviceCidrs,
}
