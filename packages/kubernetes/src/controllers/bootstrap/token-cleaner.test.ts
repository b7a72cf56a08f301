import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toTime } from '../../api/time.ts'
import type { Secret } from '../../api/types/core-v1.ts'
import { secrets } from '../../client/resources.ts'
import { createTestCluster } from '../testing/test-cluster.ts'
import { startTokenCleaner } from './start-token-cleaner.ts'

test('bootstrap tokens go when they expire', async (t) => {
  const now = Date.parse('2026-03-01T00:00:00Z')
  const cluster = await createTestCluster(() => now)
  t.after(() => cluster.stop())
  const { client } = cluster
  const token = (name: string, expiration: number | undefined): Promise<Secret> =>
    client.create<Secret>(secrets, 'kube-system', {
      metadata: { name: `bootstrap-token-${name}` },
      type: 'bootstrap.kubernetes.io/token',
      stringData: {
        'token-id': name,
        'token-secret': '0123456789abcdef',
        ...(expiration !== undefined && { expiration: toTime(expiration) }),
      },
    } as Secret)
  await token('expire', now)
  await token('little', now + 1000)
  await token('always', undefined)
  await client.create(secrets, 'kube-system', {
    metadata: { name: 'other' },
    data: { expiration: Buffer.from(toTime(now)).toString('base64') },
  })
  cluster.start(startTokenCleaner(cluster.context))
  const left = await cluster.untilAll<Secret>(secrets, 'kube-system', (all) => all.length === 3)
  assert.deepEqual(left.map(({ metadata }) => metadata.name).sort(), [
    'bootstrap-token-always',
    'bootstrap-token-little',
    'other',
  ])
})
