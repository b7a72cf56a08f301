import { deepEqual } from '../../api/json.ts'
import { labelMatcher } from '../../api/label-selector.ts'
import type { ClusterRole, PolicyRule } from '../../api/types/rbac-v1.ts'
import { clusterRoles } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'

/** Gives ClusterRoles with an `aggregationRule` the rules of those that they select; keys are names of ClusterRoles. */
export function startClusterRoleAggregationController(context: ControllerContext): Controller {
  const cache = context.informers.informer<ClusterRole>(clusterRoles)
  const loop = createLoop(context, {
    name: 'clusterrole-aggregation-controller',
    caches: [cache],
    async reconcile(name) {
      const role = cache.get('', name)
      if (!role?.aggregationRule) return
      const rules = aggregatedRules(role, cache.list())
      if (deepEqual(rules, role.rules ?? [])) return
      await context.client.update<ClusterRole>(clusterRoles, { ...role, rules })
    },
  })
  loop.listen(cache, ({ current, old }) => {
    for (const role of cache.list()) {
      if (!role.aggregationRule) continue
      const matchers = (role.aggregationRule.clusterRoleSelectors ?? []).map(labelMatcher)
      const concerns = [current, old].some(
        (changed) =>
          changed &&
          (changed.metadata.name === role.metadata.name ||
            matchers.some((matches) => matches(changed.metadata.labels))),
      )
      if (concerns) loop.queue.add(role.metadata.name ?? '')
    }
  })
  return loop
}

/** In the order of selectors, then of names; each rule once. */
function aggregatedRules(role: ClusterRole, roles: ClusterRole[]): PolicyRule[] {
  const sorted = [...roles].sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  const rules: PolicyRule[] = []
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const matches = labelMatcher(selector)
    for (const other of sorted) {
      if (other.metadata.name === role.metadata.name || !matches(other.metadata.labels)) continue
      for (const rule of other.rules ?? []) {
        if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule)
      }
    }
  }
  return rules
}
