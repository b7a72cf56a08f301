import type { NodeInfo } from '../cluster/node-info.ts'
import type { Plugin } from './plugin.ts'

const resources = ['cpu', 'memory'] as const

/** Likes nodes whose cpu and memory come to be used in equal shares by this pod. */
export function balancedAllocation(): Plugin {
  return {
    name: 'NodeResourcesBalancedAllocation',
    weight: 1,
    prepareScore({ requests }) {
      if (resources.every((resource) => !requests.get(resource))) return undefined
      return {
        score(node) {
          const balanceWith = balance(node, requests)
          const balanceWithout = balance(node, new Map())
          return 50 + Math.trunc((50 + balanceWith - balanceWithout) / 2)
        },
      }
    },
    helps: () => false,
  }
}

/** 100 less the standard deviation of the shares, in percent. */
function balance(node: NodeInfo, extra: ReadonlyMap<string, number>): number {
  const shares = resources
    .filter((resource) => node.allocatable(resource) > 0)
    .map((resource) => {
      const used = node.requested(resource) + (extra.get(resource) ?? 0)
      return Math.min(used / node.allocatable(resource), 1)
    })
  const deviation = shares.length === 2 ? Math.abs(((shares[0] ?? 0) - (shares[1] ?? 0)) / 2) : 0
  return Math.trunc((1 - deviation) * 100)
}
