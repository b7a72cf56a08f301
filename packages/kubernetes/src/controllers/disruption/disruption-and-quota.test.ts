import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isReason } from '../../api/api-error.ts'
import type { ResourceQuota } from '../../api/types/core-v1.ts'
import type { PodDisruptionBudget } from '../../api/types/policy-v1.ts'
import { deployments, podDisruptionBudgets, pods, resourceQuotas } from '../../client/resources.ts'
import { startDeploymentController } from '../deployment/start-deployment-controller.ts'
import { replicaSetFlavor } from '../replicaset/replica-flavor.ts'
import { startReplicaController } from '../replicaset/start-replica-controller.ts'
import { startResourceQuotaController } from '../resourcequota/start-resource-quota-controller.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts'
import { startDisruptionController } from './start-disruption-controller.ts'

const labels = { app: 'web' }

async function start(): Promise<TestCluster> {
  const cluster = await createTestCluster()
  const { context, resources } = cluster
  cluster.start(
    startDeploymentController(context),
    startReplicaController(context, replicaSetFlavor),
    startDisruptionController(context, resources),
    startResourceQuotaController(context, resources),
    await pretendNodes(context),
  )
  const spec = { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }] }
  await cluster.client.create(deployments, 'default', {
    metadata: { name: 'web' },
    spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  })
  return cluster
}

test('a budget counts what its Deployment wants, allows as many evictions, and holds the next one back', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  await client.create(podDisruptionBudgets, 'default', {
    metadata: { name: 'web' },
    spec: { minAvailable: '60%', selector: { matchLabels: labels } },
  })
  const settled = (budget: PodDisruptionBudget | undefined): boolean =>
    budget?.status?.currentHealthy === 3 && budget.status.disruptionsAllowed === 1
  const budget = await cluster.until<PodDisruptionBudget>(podDisruptionBudgets, 'default', 'web', settled)
  assert.equal(budget?.status?.desiredHealthy, 2)
  assert.equal(budget?.status?.expectedPods, 3)
  assert.equal(budget?.status?.conditions?.[0]?.reason, 'SufficientPods')
  const [first, second] = (await client.list(pods, { namespace: 'default' })).items
  const evict = (name = '') =>
    client.create(pods, 'default', { metadata: { name } }, { name, subresource: 'eviction' })
  const results = await Promise.allSettled([evict(first?.metadata?.name), evict(second?.metadata?.name)])
  const refused = results.filter((result) => result.status === 'rejected')
  assert.equal(refused.length, 1)
  assert.ok(isReason(refused[0]?.reason, 'TooManyRequests'))
  await cluster.until<PodDisruptionBudget>(podDisruptionBudgets, 'default', 'web', settled)
})

test('a quota shows what is used, and less when something goes', async (t) => {
  const cluster = await start()
  t.after(() => cluster.stop())
  const { client } = cluster
  const hard = { pods: '10', 'requests.cpu': '2', 'count/deployments.apps': '5' }
  await client.create(resourceQuotas, 'default', { metadata: { name: 'q' }, spec: { hard } })
  const used = (wanted: Record<string, string>) =>
    cluster.until<ResourceQuota>(resourceQuotas, 'default', 'q', (quota) =>
      Object.entries(wanted).every(([name, value]) => quota?.status?.used?.[name] === value),
    )
  // No admission charges in this cluster: a change of the quota makes it count.
  await cluster.untilAll(pods, 'default', (all) => all.length === 3)
  await client.patch(resourceQuotas, 'default', 'q', 'merge', { spec: { hard: { secrets: '1' } } })
  await used({ pods: '3', 'requests.cpu': '300m', 'count/deployments.apps': '1', secrets: '0' })
  await client.patch(
    deployments,
    'default',
    'web',
    'merge',
    { spec: { replicas: 1 } },
    { subresource: 'scale' },
  )
  await used({ pods: '1', 'requests.cpu': '100m' })
})
