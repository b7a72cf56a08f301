// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { TypedLocalObjectReference } from './core-v1.ts'
import type { Condition, LabelSelector, ListMeta, ObjectMeta } from './meta-v1.ts'

export interface NetworkPolicy {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec?: NetworkPolicySpec
}

export interface NetworkPolicySpec {
  podSelector?: LabelSelector
  ingress?: NetworkPolicyIngressRule[]
  egress?: NetworkPolicyEgressRule[]
  policyTypes?: string[]
}

export interface NetworkPolicyIngressRule {
  ports?: NetworkPolicyPort[]
  from?: NetworkPolicyPeer[]
}

export interface NetworkPolicyEgressRule {
  ports?: NetworkPolicyPort[]
  to?: NetworkPolicyPeer[]
}

export interface NetworkPolicyPort {
  protocol?: string
  port?: number | string
  endPort?: number
}

export interface IPBlock {
  cidr: string
  except?: string[]
}

export interface NetworkPolicyPeer {
  podSelector?: LabelSelector
  namespaceSelector?: LabelSelector
  ipBlock?: IPBlock
}

export interface NetworkPolicyList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: NetworkPolicy[]
}

export interface Ingress {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec?: IngressSpec
  status?: IngressStatus
}

export interface IngressList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: Ingress[]
}

export interface IngressSpec {
  ingressClassName?: string
  defaultBackend?: IngressBackend
  tls?: IngressTLS[]
  rules?: IngressRule[]
}

export interface IngressTLS {
  hosts?: string[]
  secretName?: string
}

export interface IngressStatus {
  loadBalancer?: IngressLoadBalancerStatus
}

export interface IngressLoadBalancerStatus {
  ingress?: IngressLoadBalancerIngress[]
}

export interface IngressLoadBalancerIngress {
  ip?: string
  hostname?: string
  ports?: IngressPortStatus[]
}

export interface IngressPortStatus {
  port: number
  protocol: string
  error?: string
}

export interface IngressRule {
  host?: string
  http?: HTTPIngressRuleValue
}

export interface IngressRuleValue {
  http?: HTTPIngressRuleValue
}

export interface HTTPIngressRuleValue {
  paths: HTTPIngressPath[]
}

export interface HTTPIngressPath {
  path?: string
  pathType: string
  backend: IngressBackend
}

export interface IngressBackend {
  service?: IngressServiceBackend
  resource?: TypedLocalObjectReference
}

export interface IngressServiceBackend {
  name: string
  port?: ServiceBackendPort
}

export interface ServiceBackendPort {
  name?: string
  number?: number
}

export interface IngressClass {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec?: IngressClassSpec
}

export interface IngressClassSpec {
  controller?: string
  parameters?: IngressClassParametersReference
}

export interface IngressClassParametersReference {
  apiGroup?: string
  kind: string
  name: string
  scope?: string
  namespace?: string
}

export interface IngressClassList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: IngressClass[]
}

export interface IPAddress {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec: IPAddressSpec
}

export interface IPAddressSpec {
  parentRef: ParentReference
}

export interface ParentReference {
  group?: string
  resource: string
  namespace?: string
  name: string
}

export interface IPAddressList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: IPAddress[]
}

export interface ServiceCIDR {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec?: ServiceCIDRSpec
  status?: ServiceCIDRStatus
}

export interface ServiceCIDRSpec {
  cidrs?: string[]
}

export interface ServiceCIDRStatus {
  conditions?: Condition[]
}

export interface ServiceCIDRList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: ServiceCIDR[]
}
