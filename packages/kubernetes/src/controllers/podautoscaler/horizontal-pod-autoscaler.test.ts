import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GroupVersionResource } from '../../api/kube-object.ts'
import { toTime } from '../../api/time.ts'
import type { Deployment } from '../../api/types/apps-v1.ts'
import type { HorizontalPodAutoscaler } from '../../api/types/autoscaling-v2.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { ListOptions } from '../../client/client.ts'
import { deployments, horizontalPodAutoscalers, pods } from '../../client/resources.ts'
import { startDeploymentController } from '../deployment/start-deployment-controller.ts'
import { replicaSetFlavor } from '../replicaset/replica-flavor.ts'
import { startReplicaController } from '../replicaset/start-replica-controller.ts'
import { pretendNodes } from '../testing/pretend-nodes.ts'
import { createTestCluster } from '../testing/test-cluster.ts'
import { startHorizontalPodAutoscaler } from './start-horizontal-pod-autoscaler.ts'

test('a Deployment is scaled by what its pods use, and the status tells why', async (t) => {
  let now = Date.parse('2026-03-01T00:00:00Z')
  const cluster = await createTestCluster(() => now)
  t.after(() => cluster.stop())
  const { client, context, resources } = cluster
  let usage = '0'
  // What a metrics server would say.
  const list = client.list.bind(client)
  t.mock.method(client, 'list', async (resource: GroupVersionResource, options: ListOptions) => {
    if (resource.group !== 'metrics.k8s.io') return list(resource, options)
    const found = await list<Pod>(pods, options)
    const containers = [{ name: 'web', usage: { cpu: usage } }]
    const items = found.items.map(({ metadata }) => ({
      metadata,
      timestamp: toTime(now),
      window: '30s',
      containers,
    }))
    return { ...found, items }
  })
  const labels = { app: 'web' }
  cluster.start(
    startDeploymentController(context),
    startReplicaController(context, replicaSetFlavor),
    await pretendNodes(context),
  )
  const containers = [{ name: 'web', image: 'i', resources: { requests: { cpu: '100m' } } }]
  await client.create(deployments, 'default', {
    metadata: { name: 'web' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  })
  const replicas = (count: number) =>
    cluster.until<Deployment>(
      deployments,
      'default',
      'web',
      (object) => object?.status?.readyReplicas === count && object.spec?.replicas === count,
    )
  await replicas(1)
  // Past the time in which figures of new pods do not count.
  now += 600_000
  usage = '150m'
  cluster.start(startHorizontalPodAutoscaler(context, resources))
  await client.create(horizontalPodAutoscalers, 'default', {
    metadata: { name: 'web' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
    },
  })
  await replicas(3)
  const hpa = await cluster.until<HorizontalPodAutoscaler>(
    horizontalPodAutoscalers,
    'default',
    'web',
    (object) => object?.status?.desiredReplicas === 3,
  )
  assert.equal(hpa?.status?.currentMetrics?.[0]?.resource?.current.averageUtilization, 150)
  const reasons = hpa?.status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)
  assert.deepEqual(reasons, [
    'AbleToScale=True SucceededRescale',
    'ScalingActive=True ValidMetricFound',
    'ScalingLimited=False DesiredWithinRange',
  ])
})
