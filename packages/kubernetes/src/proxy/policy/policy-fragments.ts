import { createHash } from 'node:crypto'
import { labelMatcher } from '../../api/label-selector.ts'
import type { NetworkPolicy } from '../../api/types/networking-v1.ts'
import { keyOf } from '../../client/informer.ts'
import { tableSets } from '../base-table.ts'
import { type Fragment, FragmentBuilder } from '../nft/fragment.ts'
import {
  covers,
  type Direction,
  type PolicyPod,
  type PolicyWorld,
  policyChain,
  policyFragment,
} from './policy-rules.ts'

/**
 * Everything that policies need in the table of this node, by owner: a fragment for each policy that is about a pod here,
 * and one for each pod here that a policy is about. A pod that no policy is about in a direction is free in it; one that
 * some are about may do what any of them allows. Traffic between a pod and its own node is never stopped.
 */
export function policyFragments(
  policies: readonly NetworkPolicy[],
  localPods: readonly PolicyPod[],
  world: PolicyWorld,
): Map<string, Fragment> {
  const fragments = new Map<string, Fragment>()
  const policiesOf = new Map<PolicyPod, NetworkPolicy[]>()
  for (const policy of policies) {
    const matches = labelMatcher(policy.spec?.podSelector ?? {})
    const selected = localPods.filter(
      ({ pod: { metadata } }) => metadata.namespace === policy.metadata.namespace && matches(metadata.labels),
    )
    if (selected.length === 0) continue
    fragments.set(`policy ${keyOf(policy)}`, policyFragment(policy, selected, world))
    for (const pod of selected) policiesOf.set(pod, [...(policiesOf.get(pod) ?? []), policy])
  }
  for (const [pod, applying] of policiesOf)
    fragments.set(`policed pod ${keyOf(pod.pod)}`, podFragment(pod, applying))
  return fragments
}

function podFragment({ ip }: PolicyPod, policies: readonly NetworkPolicy[]): Fragment {
  const fragment = new FragmentBuilder()
  fragment.element(tableSets.policySelf, `${ip} . ${ip}`)
  const sets: [Direction, string][] = [
    ['in', tableSets.policyIngress],
    ['out', tableSets.policyEgress],
  ]
  for (const [direction, set] of sets) {
    const chains = policies
      .filter((policy) => covers(policy, direction))
      .map((policy) => policyChain(policy, direction))
    if (chains.length === 0) continue
    // Pods under the same policies share a chain.
    const hash = createHash('sha256').update(chains.sort().join(' ')).digest('hex').slice(0, 16)
    const chain = `pods-${direction}/${hash}`
    fragment.chain(chain, [...chains.map((name) => `jump ${name}`), 'drop'])
    fragment.element(set, ip, `goto ${chain}`)
  }
  return fragment
}
