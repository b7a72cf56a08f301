import { deepEqual } from '../../../api/json.ts'
import type { StoredKubeObject } from '../../../api/kube-object.ts'
import type { Service, ServiceSpec } from '../../../api/types/core-v1.ts'
import type { KindRules } from './kind-rules.ts'
import { serviceWarnings } from './warnings.ts'

/** Fields of a Service come and go with its type; what was allocated for the old type goes unless the user changed it. */
export const serviceRules: KindRules = {
  createOnUpdate: true,
  update(next, old) {
    const before = (old as unknown as Service).spec ?? {}
    const service = next as unknown as Service
    const spec = { ...service.spec }
    service.spec = spec
    dropFieldsOfOldType(spec, before)
    if (spec.type !== 'LoadBalancer' && service.status?.loadBalancer?.ingress)
      service.status = { ...service.status, loadBalancer: {} }
  },
  warnings: serviceWarnings,
}

/**
 * What a client left out of an update because it did not know the allocated values: cluster addresses and node ports
 * stay as they were, and `clusterIP` and `clusterIPs` say the same. To be called before values are allocated, at creates
 * (`old` absent) too.
 */
export function reconcileAllocations(next: StoredKubeObject, old: StoredKubeObject | undefined): void {
  const service = next as unknown as Service
  const spec = { ...service.spec }
  service.spec = spec
  if (!old) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
    return
  }
  const before = (old as unknown as Service).spec ?? {}
  if (hasClusterIP(before) && hasClusterIP(spec)) {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP
    if (!spec.clusterIPs?.length && before.clusterIPs?.length) spec.clusterIPs = before.clusterIPs
  }
  if (hasNodePorts(before) && hasNodePorts(spec)) keepNodePorts(spec, before)
  if (hasHealthCheckPort(before) && hasHealthCheckPort(spec) && before.healthCheckNodePort)
    spec.healthCheckNodePort ||= before.healthCheckNodePort

  if (spec.clusterIP === before.clusterIP) {
    if (!spec.clusterIPs?.length && before.clusterIPs?.length) spec.clusterIPs = before.clusterIPs
  } else if (deepEqual(spec.clusterIPs ?? [], before.clusterIPs ?? [])) {
    if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP]
    else if (before.clusterIP) delete spec.clusterIPs
  }
}

function keepNodePorts(spec: ServiceSpec, before: ServiceSpec): void {
  const used = new Set((spec.ports ?? []).map((port) => port.nodePort))
  const known = new Map((before.ports ?? []).map((port) => [port.name ?? '', port.nodePort]))
  spec.ports = (spec.ports ?? []).map((port) => {
    const nodePort = known.get(port.name ?? '')
    return port.nodePort || !nodePort || used.has(nodePort) ? port : { ...port, nodePort }
  })
}

function dropFieldsOfOldType(spec: ServiceSpec, old: ServiceSpec): void {
  if (hasClusterIP(old) && !hasClusterIP(spec)) {
    if ((spec.clusterIP ?? '') === (old.clusterIP ?? '') && same(spec.clusterIPs, old.clusterIPs)) {
      delete spec.clusterIP
      delete spec.clusterIPs
    }
    if (same(spec.ipFamilies, old.ipFamilies)) delete spec.ipFamilies
    if (spec.ipFamilyPolicy === old.ipFamilyPolicy) delete spec.ipFamilyPolicy
  }
  if (hasNodePorts(old) && !hasNodePorts(spec)) {
    const before = new Set((old.ports ?? []).map((port) => port.nodePort))
    if ((spec.ports ?? []).every((port) => !port.nodePort || before.has(port.nodePort)))
      spec.ports = (spec.ports ?? []).map(({ nodePort: _, ...port }) => port)
  }
  if (hasHealthCheckPort(old) && !hasHealthCheckPort(spec)) {
    if (spec.healthCheckNodePort === old.healthCheckNodePort) delete spec.healthCheckNodePort
  }
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts)
      delete spec.allocateLoadBalancerNodePorts
    if (spec.loadBalancerClass === old.loadBalancerClass) delete spec.loadBalancerClass
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) {
    if (spec.externalTrafficPolicy === old.externalTrafficPolicy) delete spec.externalTrafficPolicy
  }
}

function same(left: string[] | undefined, right: string[] | undefined): boolean {
  return deepEqual(left ?? [], right ?? [])
}

function hasClusterIP(spec: ServiceSpec): boolean {
  return spec.type !== 'ExternalName'
}

function hasNodePorts(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer'
}

function hasHealthCheckPort(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}

function isExternallyAccessible(spec: ServiceSpec): boolean {
  return hasNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)
}
