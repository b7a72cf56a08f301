import { parseIp } from '../../ip.ts'
import type { LoadBalancerStatus, Service, ServicePort, ServiceSpec } from '../../types/core-v1.ts'
import { Field } from '../field.ts'
import { isDns1123Label, isDns1123Subdomain, isPortNumber, isQualifiedName } from '../formats.ts'
import { validateLabels } from '../labels.ts'
import { oneOf, oneOfIfSet, Unique, validateCidr, validateIp } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { validateEndpointIp } from './endpoint-ip.ts'
import { validatePort } from './probes.ts'

export const services: Validator<Service> = {
  create(service, field) {
    validateService(service, undefined, field)
  },
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      validateLoadBalancerStatus(
        next.status?.loadBalancer,
        old.status?.loadBalancer,
        next.spec?.type,
        field.at('status', 'loadBalancer'),
      )
      return
    }
    validateAddressUpdate(next.spec ?? {}, old.spec ?? {}, field.at('spec'))
    validateService(next, old, field)
  },
}

const sourceRanges = 'service.beta.kubernetes.io/load-balancer-source-ranges'

function isHeadless({ clusterIPs = [] }: ServiceSpec): boolean {
  return clusterIPs.length === 1 && clusterIPs[0] === 'None'
}

function validateService(service: Service, old: Service | undefined, root: Field): void {
  const spec = service.spec ?? {}
  const field = root.at('spec')
  const ports = spec.ports ?? []
  const isExternalName = spec.type === 'ExternalName'
  if (ports.length === 0 && !isHeadless(spec) && !isExternalName) field.at('ports').required()
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec))
    field.at('clusterIPs').index(0).invalid('None', `may not be set to 'None' for ${spec.type} services`)
  if (isExternalName) validateExternalName(spec, field)

  const names = new Unique()
  for (const [index, port] of ports.entries())
    validateServicePort(port, ports.length > 1, names, field.at('ports').index(index))
  validateLabels(spec.selector, field.at('selector'))
  oneOf(spec.sessionAffinity, ['ClientIP', 'None'], field.at('sessionAffinity'))
  validateSessionAffinity(spec, field.at('sessionAffinityConfig'))
  if (!isExternalName) validateClusterIps(spec, old?.spec?.clusterIPs ?? [], field)
  for (const [index, ip] of (spec.externalIPs ?? []).entries()) {
    const here = field.at('externalIPs').index(index)
    const count = field.causes.length
    validateIp(ip, here, old?.spec?.externalIPs)
    if (field.causes.length === count) validateEndpointIp(ip, here)
  }
  oneOf(spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], field.at('type'))
  validatePortUses(spec, field.at('ports'))
  validateSourceRanges(service, old, root)
  if (spec.type === 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === undefined) root.at('allocateLoadBalancerNodePorts').required()
  } else if (spec.allocateLoadBalancerNodePorts !== undefined)
    field.at('allocateLoadBalancerNodePorts').forbidden("may only be used when `type` is 'LoadBalancer'")
  validateLoadBalancerClass(spec, old?.spec, field.at('loadBalancerClass'))
  validateTrafficPolicies(spec, field)
  oneOfIfSet(
    spec.trafficDistribution,
    ['PreferClose', 'PreferSameZone', 'PreferSameNode'],
    field.at('trafficDistribution'),
  )
}

function validateExternalName(spec: ServiceSpec, field: Field): void {
  const detail = 'may not be set for ExternalName services'
  if (spec.clusterIPs?.length) field.at('clusterIPs').forbidden(detail)
  if (spec.ipFamilies?.length) field.at('ipFamilies').forbidden(detail)
  if (spec.ipFamilyPolicy !== undefined) field.at('ipFamilyPolicy').forbidden(detail)
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  if (name) field.at('externalName').check(name, isDns1123Subdomain(name))
  else field.at('externalName').required()
}

function validateServicePort(port: ServicePort, needsName: boolean, names: Unique, field: Field): void {
  if (port.name) {
    field.at('name').check(port.name, isDns1123Label(port.name))
    names.add(port.name, field.at('name'))
  } else if (needsName) field.at('name').required()
  field.at('port').check(port.port, isPortNumber(port.port))
  oneOf(port.protocol, ['SCTP', 'TCP', 'UDP'], field.at('protocol'))
  validatePort(port.targetPort ?? 0, field.at('targetPort'))
  if (port.appProtocol !== undefined)
    field.at('appProtocol').check(port.appProtocol, isQualifiedName(port.appProtocol))
}

const day = 86_400

function validateSessionAffinity(
  { sessionAffinity, sessionAffinityConfig }: ServiceSpec,
  field: Field,
): void {
  if (sessionAffinity === 'None' && sessionAffinityConfig)
    field.forbidden('must not be set when session affinity is None')
  if (sessionAffinity !== 'ClientIP') return
  const detail = 'when session affinity type is ClientIP'
  const timeout = sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (!sessionAffinityConfig) field.required(detail)
  else if (!sessionAffinityConfig.clientIP) field.at('clientIP').required(detail)
  else if (timeout === undefined) field.at('clientIP', 'timeoutSeconds').required(detail)
  else if (timeout <= 0 || timeout > day)
    field.at('clientIP', 'timeoutSeconds').invalid(timeout, `must be greater than 0 and less than ${day}`)
}

function validateClusterIps(spec: ServiceSpec, old: string[], field: Field): void {
  const at = field.at('clusterIPs')
  const ips = spec.clusterIPs ?? []
  if (spec.clusterIP) {
    if (ips.length === 0) at.required()
    else if (ips[0] !== spec.clusterIP) at.invalid(ips, 'first value must match `clusterIP`')
  } else if (ips.length > 0) at.invalid(ips, 'must be empty when `clusterIP` is not specified')

  const families = new Unique()
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    const here = field.at('ipFamilies').index(index)
    oneOfIfSet(family, ['IPv4', 'IPv6'], here)
    families.add(family, here)
  }
  oneOfIfSet(
    spec.ipFamilyPolicy,
    ['PreferDualStack', 'RequireDualStack', 'SingleStack'],
    field.at('ipFamilyPolicy'),
  )
  const count = field.causes.length
  for (const [index, ip] of ips.entries()) {
    if (index === 0 && ip === 'None') {
      if (ips.length > 1) at.invalid(ips, "'None' must be the first and only value")
    } else validateIp(ip, at.index(index), old)
  }
  const areFine = field.causes.length === count
  if (ips.length > 2) at.invalid(ips, 'may only hold up to 2 values')
  if (!areFine) return
  const kinds = ips.map((ip) => parseIp(ip)?.family)
  if (ips.length > 1 && new Set(kinds).size < 2)
    at.invalid(ips, 'may specify no more than one IP for each IP family')
  if (isHeadless(spec)) return
  for (const [index, family] of (spec.ipFamilies ?? []).entries())
    if (ips[index] !== undefined && `IPv${kinds[index]}` !== family)
      at.index(index).invalid(
        ips[index],
        `expected an ${family} value as indicated by \`ipFamilies[${index}]\``,
      )
}

function validatePortUses(spec: ServiceSpec, field: Field): void {
  const nodePorts = new Set<string>()
  const used = new Set<string>()
  for (const [index, { nodePort }] of (spec.ports ?? []).entries())
    if (spec.type === 'ClusterIP' && nodePort)
      field.index(index).at('nodePort').forbidden("may not be used when `type` is 'ClusterIP'")
  for (const [index, { nodePort, protocol }] of (spec.ports ?? []).entries()) {
    if (!nodePort) continue
    const key = `${protocol}/${nodePort}`
    if (nodePorts.has(key)) field.index(index).at('nodePort').duplicate(nodePort)
    nodePorts.add(key)
  }
  for (const [index, { port, protocol }] of (spec.ports ?? []).entries()) {
    const key = `${protocol}/${port}`
    if (used.has(key)) field.index(index).duplicate({ protocol, port })
    used.add(key)
  }
}

function validateSourceRanges(service: Service, old: Service | undefined, root: Field): void {
  const spec = service.spec ?? {}
  const detail = "may only be used when `type` is 'LoadBalancer'"
  const ranges = spec.loadBalancerSourceRanges ?? []
  const annotation = service.metadata.annotations?.[sourceRanges]
  if (ranges.length > 0) {
    const at = root.at('spec', 'LoadBalancerSourceRanges')
    if (spec.type !== 'LoadBalancer') at.forbidden(detail)
    const before = (old?.spec?.loadBalancerSourceRanges ?? []).map((range) => range.trim())
    for (const [index, range] of ranges.entries()) validateCidr(range.trim(), at.index(index), before)
  } else if (annotation !== undefined) {
    const at = root.at('metadata', 'annotations').key(sourceRanges)
    if (spec.type !== 'LoadBalancer') at.forbidden(detail)
    if (old?.metadata.annotations?.[sourceRanges] === annotation || !annotation.trim()) return
    for (const range of annotation.split(',')) validateCidr(range.trim(), at)
  }
}

function validateLoadBalancerClass(spec: ServiceSpec, old: ServiceSpec | undefined, field: Field): void {
  const { type, loadBalancerClass } = spec
  if (old && type === 'LoadBalancer' && old.type === 'LoadBalancer') {
    if (old.loadBalancerClass !== loadBalancerClass)
      field.invalid(loadBalancerClass ?? null, 'may not change once set')
  }
  if (loadBalancerClass === undefined) return
  if (type !== 'LoadBalancer') field.forbidden("may only be used when `type` is 'LoadBalancer'")
  else field.check(loadBalancerClass, isQualifiedName(loadBalancerClass))
}

function validateTrafficPolicies(spec: ServiceSpec, field: Field): void {
  const { type, externalTrafficPolicy, healthCheckNodePort } = spec
  const isExternal =
    type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && !!spec.externalIPs?.length)
  const at = field.at('externalTrafficPolicy')
  if (isExternal) oneOf(externalTrafficPolicy, ['Cluster', 'Local'], at)
  else if (externalTrafficPolicy)
    at.invalid(externalTrafficPolicy, 'may only be set for externally-accessible services')
  const health = field.at('healthCheckNodePort')
  if (type === 'LoadBalancer' && externalTrafficPolicy === 'Local') {
    if (healthCheckNodePort) health.check(healthCheckNodePort, isPortNumber(healthCheckNodePort))
    else health.required()
  } else if (healthCheckNodePort)
    health.invalid(
      healthCheckNodePort,
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    )
  const internal = field.at('internalTrafficPolicy')
  if (spec.internalTrafficPolicy !== undefined)
    oneOfIfSet(spec.internalTrafficPolicy, ['Cluster', 'Local'], internal)
  else if (type !== 'ExternalName') internal.required()
}

/** Addresses stay; the second one may come and go. */
function validateAddressUpdate(spec: ServiceSpec, old: ServiceSpec, field: Field): void {
  const needsHealth = (one: ServiceSpec): boolean =>
    one.type === 'LoadBalancer' && one.externalTrafficPolicy === 'Local'
  if (needsHealth(spec) && needsHealth(old) && spec.healthCheckNodePort !== old.healthCheckNodePort)
    field.at('healthCheckNodePort').forbidden('field is immutable')
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return
  if (!(isHeadless(spec) && isHeadless(old)))
    validateKept(spec.clusterIPs ?? [], old.clusterIPs ?? [], 'clusterIP', spec, field.at('clusterIPs'))
  if (!isHeadless(spec) && !isHeadless(old))
    validateKept(spec.ipFamilies ?? [], old.ipFamilies ?? [], 'ipFamily', spec, field.at('ipFamilies'))
}

function validateKept(next: string[], old: string[], what: string, spec: ServiceSpec, field: Field): void {
  if (next.length === old.length) {
    for (const [index, value] of old.entries())
      if (value !== next[index])
        field.index(what === 'clusterIP' ? index : 0).invalid(next, 'may not change once set')
    return
  }
  if (next.length === 0) field.index(0).invalid(next, `primary ${what} can not be unset`)
  else if (old.length > 0 && next[0] !== old[0]) field.index(0).invalid(next, 'may not change once set')
  if (old.length > next.length && next.length === 1 && spec.ipFamilyPolicy !== 'SingleStack')
    new Field(field.causes, 'spec.ipFamilyPolicy').invalid(
      spec.ipFamilyPolicy ?? null,
      `must be set to 'SingleStack' when releasing the secondary ${what}`,
    )
}

/** Of Services and Ingresses. */
export function validateLoadBalancerStatus(
  status: LoadBalancerStatus | undefined,
  old: LoadBalancerStatus | undefined,
  type: string | undefined,
  field: Field,
): void {
  const ingresses = status?.ingress ?? []
  const at = field.at('ingress')
  if (type !== 'LoadBalancer' && ingresses.length > 0) {
    at.forbidden("may only be used when `spec.type` is 'LoadBalancer'")
    return
  }
  const before = (old?.ingress ?? []).map((ingress) => ingress.ip ?? '')
  for (const [index, { ip, ipMode, hostname }] of ingresses.entries()) {
    const here = at.index(index)
    if (ip) validateIp(ip, here.at('ip'), before)
    if (ipMode === undefined) {
      if (ip) here.at('ipMode').required('must be specified when `ip` is set')
    } else if (!ip) here.at('ipMode').forbidden('may not be specified when `ip` is not set')
    else oneOfIfSet(ipMode, ['Proxy', 'VIP'], here.at('ipMode'))
    if (!hostname) continue
    here.at('hostname').check(hostname, isDns1123Subdomain(hostname))
    if (parseIp(hostname)) here.at('hostname').invalid(hostname, 'must be a DNS name, not an IP address')
  }
}
