import { cidrContains, parseCidr } from '../../ip.ts'
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../types/networking-v1.ts'
import { Field } from '../field.ts'
import { isPortName, isPortNumber } from '../formats.ts'
import { validateLabelSelector } from '../labels.ts'
import { oneOfIfSet, validateCidr } from '../rules.ts'
import type { Validator } from '../validator.ts'

/** What was there before and may stay, right or wrong. */
interface Options {
  allowInvalidValues?: boolean
  cidrs?: string[]
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, field: Field): void {
  oneOfIfSet(protocol, ['TCP', 'UDP', 'SCTP'], field.at('protocol'))
  const at = field.at('port')
  const end = field.at('endPort')
  if (typeof port === 'number') {
    at.check(port, isPortNumber(port))
    if (endPort === undefined) return
    if (endPort < port) end.invalid(port, 'must be greater than or equal to `port`')
    end.check(endPort, isPortNumber(endPort))
  } else if (port !== undefined) {
    if (endPort !== undefined) end.invalid(endPort, 'may not be specified when `port` is non-numeric')
    at.check(port, isPortName(port))
  } else if (endPort !== undefined) {
    end.invalid(endPort, 'may not be specified when `port` is not specified')
  }
}

function validateIpBlock({ cidr, except = [] }: IPBlock, field: Field, old: string[]): void {
  if (!cidr) {
    field.at('cidr').required()
    return
  }
  validateCidr(cidr, field.at('cidr'), old)
  const block = parseCidr(cidr)
  if (!block) return
  for (const [index, text] of except.entries()) {
    const at = field.at('except').index(index)
    validateCidr(text, at, old)
    const part = parseCidr(text)
    if (!part) continue
    if (!cidrContains(block, part.network) || block.prefixLength >= part.prefixLength)
      at.invalid(text, 'must be a strict subset of `cidr`')
  }
}

function validatePeer(peer: NetworkPolicyPeer, field: Field, options: Options): void {
  const { podSelector, namespaceSelector, ipBlock } = peer
  validateLabelSelector(podSelector, field.at('podSelector'), options)
  validateLabelSelector(namespaceSelector, field.at('namespaceSelector'), options)
  if (ipBlock) validateIpBlock(ipBlock, field.at('ipBlock'), options.cidrs ?? [])
  if (!podSelector && !namespaceSelector && !ipBlock) field.required('must specify a peer')
  else if (ipBlock && (podSelector || namespaceSelector))
    field.forbidden('may not specify both ipBlock and another peer')
}

function validateRule(ports: NetworkPolicyPort[], field: Field): void {
  for (const [index, port] of ports.entries()) validatePort(port, field.at('ports').index(index))
}

function validatePeers(peers: NetworkPolicyPeer[], field: Field, options: Options): void {
  for (const [index, peer] of peers.entries()) validatePeer(peer, field.index(index), options)
}

function validateSpec(spec: NetworkPolicySpec, field: Field, options: Options): void {
  validateLabelSelector(spec.podSelector, field.at('podSelector'), options)
  for (const [index, { ports = [], from = [] }] of (spec.ingress ?? []).entries()) {
    const at = field.at('ingress').index(index)
    validateRule(ports, at)
    validatePeers(from, at.at('from'), options)
  }
  for (const [index, { ports = [], to = [] }] of (spec.egress ?? []).entries()) {
    const at = field.at('egress').index(index)
    validateRule(ports, at)
    validatePeers(to, at.at('to'), options)
  }
  const types = spec.policyTypes ?? []
  const at = field.at('policyTypes')
  if (types.length > 2) {
    at.invalid(types, 'may not specify more than two policyTypes')
    return
  }
  for (const [index, type] of types.entries()) oneOfIfSet(type, ['Ingress', 'Egress'], at.index(index))
}

function optionsOf(spec: NetworkPolicySpec): Options {
  const scratch = new Field([])
  validateLabelSelector(spec.podSelector, scratch)
  const peers = [
    ...(spec.ingress ?? []).flatMap(({ from = [] }) => from),
    ...(spec.egress ?? []).flatMap(({ to = [] }) => to),
  ]
  return {
    allowInvalidValues: scratch.causes.length > 0,
    cidrs: peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : [])),
  }
}

export const networkPolicies: Validator<NetworkPolicy> = {
  create: ({ spec = {} }, field) => validateSpec(spec, field.at('spec'), {}),
  update: (next, old, _subresource, field) =>
    validateSpec(next.spec ?? {}, field.at('spec'), optionsOf(old.spec ?? {})),
}
