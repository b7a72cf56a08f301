import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { busyboxImage, pauseImage, whyNoContainerd } from '@minikube-ts/cri/testing/containerd.ts'
import { buildScratchImage } from '@minikube-ts/cri/testing/scratch-image.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { findCondition, isConditionTrue } from '../../client/conditions.ts'
import { pods } from '../../client/resources.ts'
import { silentLogger } from '../../log.ts'
import { PodEvents } from '../events/pod-events.ts'
import { ImageGc } from '../images/image-gc.ts'
import { forever, shell, startTestNode, type TestNode } from '../testing/test-node.ts'
import { Evictor } from './evictor.ts'
import { parseThresholds } from './thresholds.ts'

const isReady = (pod: Pod): boolean => isConditionTrue(pod.status?.conditions, 'Ready')
const isEvicted = (pod: Pod): boolean => pod.status?.reason === 'Evicted'
const minutes = 60_000

describe('on a node that runs short', { skip: whyNoContainerd() ?? false }, () => {
  let node: TestNode
  const told: string[] = []
  before(async () => {
    node = await startTestNode()
  })
  after(() => node.stop())

  function evictor(images?: ImageGc): Evictor {
    const { kubelet, config } = node
    return new Evictor({
      config,
      cri: kubelet.cri,
      source: kubelet.source(),
      events: new PodEvents({ event: (_, type, reason) => told.push(`${type} ${reason}`) }),
      nodeEvent: (type, reason, message) => told.push(`${type} ${reason}: ${message}`),
      terminate: (uid, request) => kubelet.pods.worker(uid)?.terminate(request),
      log: silentLogger,
      ...(images && { images }),
    })
  }

  test('the pod goes that uses more than it asked for, and says why', async () => {
    const hog = 'x=$(dd if=/dev/zero bs=1M count=30 2>/dev/null | tr "\\0" x); touch /tmp/done;'
    const full = { exec: { command: ['cat', '/tmp/done'] }, periodSeconds: 1 }
    await Promise.all([
      node.create('greedy', { containers: [shell('main', `${hog} ${forever}`, { readinessProbe: full })] }),
      node.create('modest', {
        containers: [shell('main', forever, { resources: { requests: { memory: '50Mi' } } })],
      }),
    ])
    await Promise.all([node.until('greedy', isReady), node.until('modest', isReady)])
    const [threshold] = parseThresholds({ 'memory.available': '100%' })
    await evictor().relieve(threshold!, { available: 1, capacity: 1 << 20 }, async () => false)
    const { status } = await node.until('greedy', isEvicted)
    assert.equal(status?.phase, 'Failed')
    assert.match(
      status.message ?? '',
      /^The node was low on resource: memory\. Threshold quantity: 1Mi, available: 1\. Container main was using \w+, request is 0, has larger consumption of memory\. $/,
    )
    const target = findCondition(status.conditions, 'DisruptionTarget')
    assert.equal(target?.status, 'True')
    assert.equal(target.reason, 'TerminationByKubelet')
    assert.ok(told.includes('Warning EvictionThresholdMet: Attempting to reclaim memory'))
    assert.ok(told.includes('Warning Evicted'))
    const modest = await node.client.get<Pod>(pods, 'default', 'modest')
    assert.ok(isReady(modest))
  })

  test('a pod that fills its emptyDir beyond the limit goes', async () => {
    await node.create('writer', {
      containers: [
        shell(
          'main',
          `dd if=/dev/zero of=/data/file bs=1M count=4 2>/dev/null; touch /tmp/done; ${forever}`,
          {
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
            readinessProbe: { exec: { command: ['cat', '/tmp/done'] }, periodSeconds: 1 },
          },
        ),
      ],
      volumes: [{ name: 'data', emptyDir: { sizeLimit: '2Mi' } }],
    })
    await node.until('writer', isReady)
    assert.equal(await evictor().enforceStorageLimits(), true)
    const { status } = await node.until('writer', isEvicted)
    assert.equal(status?.message, 'Usage of EmptyDir volume "data" exceeds the limit "2Mi". ')
  })

  test('unused images are removed, but not what pods are begun with, nor what is in use or new', async () => {
    const unused = 'registry.test/unused:1'
    await node.containerd.load(
      buildScratchImage(join(node.containerd.directory, 'images'), {
        name: unused,
        programs: { '/program': '/bin/busybox' },
        files: { '/name': unused },
        config: { Cmd: ['/program'] },
      }),
    )
    const { cri } = node.kubelet
    const gc = new ImageGc(cri, { highThresholdPercent: 0, lowThresholdPercent: 0 }, silentLogger)
    const names = async (): Promise<string[]> =>
      (await cri.listImages({})).images.flatMap(({ repoTags }) => repoTags).sort()
    const now = Date.now()
    assert.equal(await gc.removeUnused(now), 0)
    assert.deepEqual(await names(), [busyboxImage, pauseImage, unused])
    await assert.rejects(gc.collect(now + 3 * minutes), /Insufficient free disk space .* \(freed \d+ bytes\)/)
    assert.deepEqual(await names(), [busyboxImage, pauseImage])
  })
})
