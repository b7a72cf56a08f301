import assert from 'node:assert/strict'
import { test } from 'node:test'
import { group, type TreeNode } from '../../cluster/tree/tree-node.ts'
import { drawTree } from './draw-tree.ts'

const leaf = (pid: number, command: string, memory: number, cpu: number): TreeNode => ({
  kind: 'process',
  name: command.split(' ')[0]!,
  details: { command },
  pid,
  memory,
  cpu,
  children: [],
})

const tree = group('host', 'here', [
  group('services', 'services', [
    {
      ...leaf(7, 'supervisor', 12_000_000, 0),
      kind: 'service',
      state: 'ready',
      details: { purpose: 'keeps' },
      children: [leaf(8, 'child', 1_000_000, 0.25)],
    },
  ]),
  group('runtime', 'runc', [
    group('pod', 'default/first', [
      group('container', 'main', [leaf(4711, 'sh -c echo a\n\u001b[2Jecho b', 2_000_000, 99.5)], {
        state: 'running',
        details: { image: 'busybox', restarts: '2' },
      }),
    ]),
    group('pod', 'default/over', [], { state: 'ended' }),
  ]),
])

test('a tree stands beside its figures, and layers have the sum of what is below', () => {
  assert.deepEqual(drawTree(tree, { unicode: true }).split('\n'), [
    ' MEMORY    CPU   PID',
    '15.0 MB  99.8%        host here',
    '13.0 MB   0.3%        ├─ services',
    '12.0 MB   0.0%     7  │  └─ supervisor · ready · keeps',
    ' 1.0 MB   0.3%     8  │     └─ child',
    ' 2.0 MB  99.5%        └─ runtime runc',
    ' 2.0 MB  99.5%           ├─ pod default/first',
    ' 2.0 MB  99.5%           │  └─ container main · running · restarts 2 · busybox',
    ' 2.0 MB  99.5%  4711     │     └─ sh -c echo a [2Jecho b',
    '      -      -           └─ pod default/over · ended',
  ])
})

test('without a terminal it is ASCII; on a narrow one lines are cut', () => {
  const plain = drawTree(tree, { unicode: false })
  assert.match(plain, /^[\n -~]*$/)
  assert.match(plain, /\n12\.0 MB {3}0\.0% {5}7 {2}\| {2}`- supervisor, ready, keeps\n/)
  const narrow = drawTree(tree, { unicode: true, width: 40 }).split('\n')
  assert.ok(narrow.every((line) => line.length <= 40))
  assert.equal(narrow[3], '12.0 MB   0.0%     7  │  └─ supervisor …')
})
