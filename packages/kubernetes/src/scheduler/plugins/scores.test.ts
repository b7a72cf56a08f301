import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelMapMatcher } from '../../api/label-selector.ts'
import type { Pod, PodSpec } from '../../api/types/core-v1.ts'
import { NodeInfo } from '../cluster/node-info.ts'
import { type PodInfo, podInfoOf } from '../cluster/pod-info.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import type { Plugin } from './plugin.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { taintToleration } from './taint-toleration.ts'

/* The expected numbers are those of upstream's own tests of the same plugins. */

let pods = 0
function pod(spec: Partial<PodSpec> = {}, labels: Record<string, string> = {}): PodInfo {
  return podInfoOf({
    metadata: { name: `p${pods++}`, namespace: 'default', labels },
    spec: { containers: [], ...spec },
  } as Pod)
}

function requesting(...requests: Record<string, string>[]): PodInfo {
  return pod({
    containers: requests.map((each, index) => ({ name: `c${index}`, resources: { requests: each } })),
  })
}

const cpu = (amount: string) => ({ cpu: amount })
const both = (amount: string, memory: string) => ({ cpu: amount, memory })

function node(name: string, allocatable: Record<string, string> = {}, existing: PodInfo[] = []): NodeInfo {
  const info = new NodeInfo({
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: { allocatable },
  })
  for (const each of existing) info.add(each)
  return info
}

function scores(plugin: Plugin, subject: PodInfo, nodes: NodeInfo[]): number[] | undefined {
  const scorer = plugin.prepareScore?.(subject, nodes)
  if (!scorer) return undefined
  const result = nodes.map((each) => scorer.score(each))
  scorer.normalize?.(result, nodes)
  return result
}

test('nodes with more left over are better', () => {
  const nodes = [node('a', both('4000m', '10000')), node('b', both('6000m', '10000'))]
  assert.deepEqual(
    scores(nodeResourcesFit(), requesting(both('1000m', '2000'), both('2000m', '3000')), nodes),
    [37, 50],
  )
})

test('nodes that come to be used in equal shares are better', () => {
  const wanted = requesting(both('1000m', '2000'), both('2000m', '3000'))
  const cpuOnly = () => requesting(cpu('1000m'), cpu('2000m'))
  const memory = () => requesting(both('1000m', '2000'), both('2000m', '3000'))
  const balanced = balancedAllocation()
  const big = both('10000m', '20000')
  assert.deepEqual(
    scores(balanced, wanted, [node('a', big, [cpuOnly()]), node('b', big, [memory()])]),
    [73, 74],
  )
  const bigger = both('10000m', '50000')
  assert.deepEqual(
    scores(balanced, wanted, [node('a', big, [cpuOnly()]), node('b', bigger, [memory()])]),
    [73, 70],
  )
  const small = both('3000m', '5000')
  const hungry = requesting({ memory: '2000' }, { memory: '3000' })
  assert.deepEqual(scores(balanced, hungry, [node('a', small, [cpuOnly()]), node('b', small)]), [100, 50])
  const middle = both('6000m', '10000')
  assert.deepEqual(
    scores(balanced, cpuOnly(), [node('a', middle, [cpuOnly()]), node('b', middle, [memory()])]),
    [62, 62],
  )
  assert.equal(scores(balanced, pod(), [node('a', big), node('b', big)]), undefined)
})

test('pods are spread over hosts, the less strictly the more they may differ', () => {
  const labels = { foo: '' }
  const spread = (counts: number[], subject: PodInfo) => {
    const nodes = counts.map((count, index) =>
      node(
        `n${index}`,
        {},
        Array.from({ length: count }, () => pod({}, labels)),
      ),
    )
    const plugin = podTopologySpread({ nodes: () => nodes, defaultSelector: () => labelMapMatcher(labels) })
    return scores(plugin, subject, nodes)
  }
  const constrained = (maxSkew: number, matchLabels: Record<string, string> | undefined = labels) =>
    pod(
      {
        topologySpreadConstraints: [
          {
            maxSkew,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels },
          },
        ],
      },
      labels,
    )
  assert.deepEqual(spread([0, 0], constrained(1)), [100, 100])
  assert.deepEqual(spread([2, 1, 0, 3], constrained(1)), [20, 60, 100, 0])
  assert.deepEqual(spread([2, 1, 0, 3], constrained(2)), [33, 66, 100, 16])
  assert.deepEqual(spread([4, 3, 2, 1], constrained(3)), [44, 66, 77, 100])
  assert.deepEqual(spread([4, 3, 2, 1], pod({}, labels)), [44, 66, 77, 100])
})

test('wishes of the pod and of those that are there add up', () => {
  const near = (app: string, weight: number) => ({
    weight,
    podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app } } },
  })
  const fan = pod({
    affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [near('x', 5)] } },
  })
  const nodes = [node('a', {}, [pod({}, { app: 'x' })]), node('b', {}, [fan]), node('c')]
  const plugin = interPodAffinity({ nodes: () => nodes, namespaceLabels: () => ({}) })
  const shy = pod(
    {
      affinity: {
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [near('x', 10)] },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [near('nobody', 100)] },
      },
    },
    { app: 'x' },
  )
  assert.deepEqual(scores(plugin, shy, nodes), [100, 50, 0])
  assert.equal(scores(plugin, pod(), nodes), undefined)
})

test('taints that only discourage count, and images that are there', () => {
  const tainted = node('b')
  tainted.setNode({
    metadata: { name: 'b' },
    spec: { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] },
    status: { images: [{ names: ['i:latest'], sizeBytes: 511 * 1024 * 1024 + 512 * 1024 }] },
  })
  const nodes = [node('a'), tainted]
  assert.deepEqual(scores(taintToleration(), pod(), nodes), [100, 0])
  assert.deepEqual(
    scores(taintToleration(), pod({ tolerations: [{ key: 'k', operator: 'Exists' }] }), nodes),
    [100, 100],
  )
  const subject = pod({ containers: [{ name: 'c', image: 'i' }] })
  // Half of the nodes have it, so half of its size counts: (255.75 - 23) / (1000 - 23) of a hundred.
  assert.deepEqual(scores(imageLocality({ nodes: () => nodes }), subject, nodes), [0, 23])
})
