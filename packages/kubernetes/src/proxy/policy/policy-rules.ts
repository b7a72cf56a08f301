import { isIPv4 } from 'node:net'
import { type LabelMatcher, labelMatcher } from '../../api/label-selector.ts'
import type { Namespace, Pod } from '../../api/types/core-v1.ts'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../api/types/networking-v1.ts'
import { tableChains } from '../base-table.ts'
import { type Fragment, FragmentBuilder } from '../nft/fragment.ts'
import { nftName } from '../nft/names.ts'
import { isCidr } from '../services/service-port.ts'

export type Direction = 'in' | 'out'

/** A pod that policies can be about: it has an address of its own. */
export interface PolicyPod {
  readonly pod: Pod
  readonly ip: string
}

/** The cluster as policies see it. */
export interface PolicyWorld {
  readonly pods: readonly PolicyPod[]
  /** By name. */
  readonly namespaces: ReadonlyMap<string, Namespace>
}

/** Whether a policy is about what comes in, or goes out. Without a word about it, out only if it has rules for that. */
export function covers({ spec }: NetworkPolicy, direction: Direction): boolean {
  const types = spec?.policyTypes ?? []
  if (types.length > 0) return types.includes(direction === 'in' ? 'Ingress' : 'Egress')
  return direction === 'in' || (spec?.egress ?? []).length > 0
}

export function policyChain({ metadata }: NetworkPolicy, direction: Direction): string {
  return nftName(
    direction === 'in' ? 'policy-in' : 'policy-out',
    metadata.namespace ?? '',
    metadata.name ?? '',
  )
}

/**
 * The chains of a policy, which say yes to what it allows and nothing to the rest, and the sets that they look into.
 * `selected` are the pods of this node that it is about.
 */
export function policyFragment(
  policy: NetworkPolicy,
  selected: readonly PolicyPod[],
  world: PolicyWorld,
): Fragment {
  const fragment = new FragmentBuilder()
  if (covers(policy, 'in')) {
    const rules = (policy.spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
    addChain(fragment, policy, 'in', rules, selected, world)
  }
  if (covers(policy, 'out')) {
    const rules = (policy.spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }))
    addChain(fragment, policy, 'out', rules, selected, world)
  }
  return fragment
}

interface Rule {
  peers: NetworkPolicyPeer[] | undefined
  ports: NetworkPolicyPort[] | undefined
}

function addChain(
  fragment: FragmentBuilder,
  policy: NetworkPolicy,
  direction: Direction,
  rules: readonly Rule[],
  selected: readonly PolicyPod[],
  world: PolicyWorld,
): void {
  const verdict = direction === 'in' ? 'accept' : `goto ${tableChains.policyIngressCheck}`
  const lines = rules.flatMap(({ peers, ports }, index) => {
    const name = (kind: string, ...more: string[]) =>
      nftName(
        kind,
        direction,
        policy.metadata.namespace ?? '',
        policy.metadata.name ?? '',
        `${index}`,
        ...more,
      )
    const owners = direction === 'in' ? selected : world.pods
    const peerMatches = matchPeers(fragment, policy, peers ?? [], direction, name('peers'), world)
    const portMatches = matchPorts(fragment, ports ?? [], owners, (port) => name('ports', `${port}`))
    return peerMatches.flatMap((peer) => portMatches.map((port) => `${peer} ${port} ${verdict}`.trim()))
  })
  fragment.chain(policyChain(policy, direction), lines)
}

/** Conditions on the other side; one of them has to hold. */
function matchPeers(
  fragment: FragmentBuilder,
  policy: NetworkPolicy,
  peers: readonly NetworkPolicyPeer[],
  direction: Direction,
  set: string,
  world: PolicyWorld,
): string[] {
  if (peers.length === 0) return ['']
  const side = direction === 'in' ? 'ip saddr' : 'ip daddr'
  const matches = peers.flatMap(({ ipBlock }) => {
    if (!ipBlock || !isCidr(ipBlock.cidr)) return []
    const except = (ipBlock.except ?? []).filter(isCidr).map((cidr) => ` ${side} != ${cidr}`)
    return [`${side} ${ipBlock.cidr}${except.join('')}`]
  })
  const selectors = peers.filter(({ ipBlock }) => !ipBlock)
  if (selectors.length === 0) return matches
  fragment.set(set, 'type ipv4_addr;')
  const matchers = selectors.map((peer) => peerMatcher(peer, policy.metadata.namespace ?? '', world))
  for (const { pod, ip } of world.pods)
    if (matchers.some((matches) => matches(pod))) fragment.element(set, ip)
  return [...matches, `${side} @${set}`]
}

/** Pods of the policy's namespace, or of those that are selected. */
function peerMatcher(
  { podSelector, namespaceSelector }: NetworkPolicyPeer,
  own: string,
  { namespaces }: PolicyWorld,
): (pod: Pod) => boolean {
  const matchesPod: LabelMatcher = podSelector ? labelMatcher(podSelector) : () => true
  const matchesNamespace = namespaceSelector && labelMatcher(namespaceSelector)
  return ({ metadata: { namespace = '', labels } }) => {
    if (!matchesPod(labels)) return false
    return matchesNamespace
      ? matchesNamespace(namespaces.get(namespace)?.metadata.labels ?? {})
      : namespace === own
  }
}

/** Conditions on the port; one of them has to hold. `owners`: the pods whose names for ports count. */
function matchPorts(
  fragment: FragmentBuilder,
  ports: readonly NetworkPolicyPort[],
  owners: readonly PolicyPod[],
  setName: (index: number) => string,
): string[] {
  if (ports.length === 0) return ['']
  return ports.map(({ port, endPort, protocol = 'TCP' }, index) => {
    const l4 = protocol.toLowerCase()
    if (port === undefined) return `meta l4proto ${l4}`
    if (typeof port === 'number') return `${l4} dport ${port}${endPort ? `-${endPort}` : ''}`
    const set = setName(index)
    fragment.set(set, 'type ipv4_addr . inet_proto . inet_service;')
    for (const { pod, ip } of owners) {
      for (const number of portsNamed(pod, port, protocol)) fragment.element(set, `${ip} . ${l4} . ${number}`)
    }
    return `ip daddr . meta l4proto . th dport @${set}`
  })
}

function portsNamed({ spec }: Pod, wanted: string, wantedProtocol: string): number[] {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].flatMap(({ ports }) =>
    (ports ?? []).flatMap(({ name, protocol = 'TCP', containerPort }) =>
      name === wanted && protocol === wantedProtocol ? [containerPort] : [],
    ),
  )
}

/** The pod with its IPv4 address; `undefined` when it has none of its own, or does not need it any more. */
export function policyPodOf(pod: Pod): PolicyPod | undefined {
  const { hostNetwork } = pod.spec ?? {}
  const { phase, podIPs, podIP } = pod.status ?? {}
  if (hostNetwork || phase === 'Succeeded' || phase === 'Failed') return undefined
  const ip = [...(podIPs ?? []).map(({ ip }) => ip ?? ''), podIP ?? ''].find((address) => isIPv4(address))
  return ip === undefined ? undefined : { pod, ip }
}
