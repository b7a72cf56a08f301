import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterRole } from '../../api/types/rbac-v1.ts'
import { clusterRoles } from '../../client/resources.ts'
import { createTestCluster } from '../testing/test-cluster.ts'
import { startClusterRoleAggregationController } from './start-cluster-role-aggregation-controller.ts'

const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] })

test('a role has the rules of the roles that it selects, as they come, change and go', async (t) => {
  const cluster = await createTestCluster()
  t.after(() => cluster.stop())
  cluster.start(startClusterRoleAggregationController(cluster.context))
  const { client } = cluster
  const part = (name: string, ...resources: string[]): ClusterRole => ({
    metadata: { name, labels: { 'to-all': 'true' } },
    rules: resources.map(rule),
  })
  const resources = (...wanted: string[]) =>
    cluster.until<ClusterRole>(clusterRoles, '', 'all', (role) => {
      const found = (role?.rules ?? []).flatMap((each) => each.resources ?? [])
      return found.join() === wanted.join()
    })
  await client.create(clusterRoles, undefined, part('b', 'pods', 'nodes'))
  await client.create(clusterRoles, undefined, {
    metadata: { name: 'all' },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'to-all': 'true' } }] },
    rules: null,
  })
  await resources('pods', 'nodes')
  // In the order of names, and no rule twice.
  await client.create(clusterRoles, undefined, part('a', 'secrets', 'pods'))
  await resources('secrets', 'pods', 'nodes')
  await client.patch(clusterRoles, undefined, 'a', 'merge', { metadata: { labels: { 'to-all': null } } })
  await resources('pods', 'nodes')
  await client.delete(clusterRoles, undefined, 'b')
  await resources()
  assert.ok(await client.get<ClusterRole>(clusterRoles, undefined, 'a'))
})
