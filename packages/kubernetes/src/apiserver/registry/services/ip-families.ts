import { ApiError, type StatusCause } from '../../../api/api-error.ts'
import type { StoredKubeObject } from '../../../api/kube-object.ts'
import type { Service, ServiceSpec } from '../../../api/types/core-v1.ts'

type Family = 'IPv4' | 'IPv6'

/**
 * Sets `ipFamilyPolicy` and `ipFamilies` where the client left them open, for a cluster whose Services have one family.
 * @throws ApiError Invalid for wishes that such a cluster cannot fulfil
 */
export function settleFamilies(
  service: StoredKubeObject & Service,
  old: Service | undefined,
  family: Family,
): void {
  const spec: ServiceSpec = service.spec ?? {}
  service.spec = spec
  if (spec.type === 'ExternalName') return
  const isHeadlessWithoutSelector = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0
  spec.ipFamilyPolicy ??=
    old?.spec?.ipFamilyPolicy ?? (isHeadlessWithoutSelector ? 'RequireDualStack' : 'SingleStack')
  const causes: StatusCause[] = []
  const refuse = (field: string, value: unknown, why: string): void => {
    causes.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
      field,
    })
  }
  if (old) keepOrRefuseReduction(spec, old.spec ?? {}, refuse)
  if (spec.ipFamilyPolicy === 'SingleStack') {
    for (const [field, list] of [
      ['multiple cluster IPs', spec.clusterIPs],
      ['multiple IP families', spec.ipFamilies],
    ] as const) {
      if (list?.length !== 2) continue
      refuse(
        'spec.ipFamilyPolicy',
        spec.ipFamilyPolicy,
        `must be 'RequireDualStack' or 'PreferDualStack' when ${field} are specified`,
      )
    }
  }
  for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === 'None' || index < (spec.ipFamilies?.length ?? 0)) continue
    const found: Family = address.includes(':') ? 'IPv6' : 'IPv4'
    if (found === family) spec.ipFamilies = [...(spec.ipFamilies ?? []), found]
    else refuse(`spec.clusterIPs[${index}]`, spec.clusterIPs, `${found} is not configured on this cluster`)
  }
  throwIfAny(service, causes)

  if (isHeadlessWithoutSelector) {
    spec.ipFamilies = spec.ipFamilies?.length ? spec.ipFamilies : [family]
    if (spec.ipFamilies.length < 2 && spec.ipFamilyPolicy !== 'SingleStack') {
      spec.ipFamilies = [...spec.ipFamilies, spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4']
    }
    return
  }
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    refuse(
      'spec.ipFamilyPolicy',
      spec.ipFamilyPolicy,
      'this cluster is not configured for dual-stack services',
    )
  }
  for (const [index, wanted] of (spec.ipFamilies ?? []).entries()) {
    if (wanted !== family) refuse(`spec.ipFamilies[${index}]`, wanted, 'not configured on this cluster')
  }
  throwIfAny(service, causes)
  if (!spec.ipFamilies?.length) spec.ipFamilies = [family]
}

function keepOrRefuseReduction(
  spec: ServiceSpec,
  old: ServiceSpec,
  refuse: (field: string, value: unknown, why: string) => void,
): void {
  const same = (a: string[] = [], b: string[] = []) => a.length === b.length && a.every((x, i) => x === b[i])
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (same(spec.clusterIPs, old.clusterIPs)) spec.clusterIPs = spec.clusterIPs?.slice(0, 1) ?? []
    if (same(spec.ipFamilies, old.ipFamilies)) spec.ipFamilies = spec.ipFamilies?.slice(0, 1) ?? []
    if (spec.clusterIPs?.length === 0) delete spec.clusterIPs
    if (spec.ipFamilies?.length === 0) delete spec.ipFamilies
    return
  }
  const isReduced = (now: string[] = [], before: string[] = []) =>
    now.length > 0 && now.length < before.length
  if (isReduced(spec.clusterIPs, old.clusterIPs)) {
    refuse(
      'spec.ipFamilyPolicy',
      spec.ipFamilyPolicy,
      "must be 'SingleStack' to release the secondary cluster IP",
    )
  }
  if (isReduced(spec.ipFamilies, old.ipFamilies)) {
    refuse(
      'spec.ipFamilyPolicy',
      spec.ipFamilyPolicy,
      "must be 'SingleStack' to release the secondary IP family",
    )
  }
}

function throwIfAny({ metadata }: StoredKubeObject, causes: StatusCause[]): void {
  if (causes.length > 0) throw ApiError.invalid('', 'Service', metadata.name ?? '', causes)
}
