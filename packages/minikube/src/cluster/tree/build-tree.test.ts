import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildTree, type ClusterReading } from './build-tree.ts'
import type { PodReading } from './read-pods.ts'
import { parseProcessFiles, parseProcessList } from './read-processes.ts'
import type { TreeNode } from './tree-node.ts'

const facts = {
  host: { name: 'here', details: {} },
  driver: { name: 'none', details: {} },
  node: { name: 'kay', details: {} },
  engine: 'embedded v1.36.0',
  criSocket: '/run/cri.sock',
  purposes: { node: 'kubelet, service proxy' },
}

interface Recorded {
  pid: number
  parent: number
  argv: string[]
  cgroup?: string
  /** kB. */
  pss?: number
  /** Nanoseconds, one for each thread. */
  ran?: number[]
}

/** What the commands of read-processes.ts print. */
function recorded(uptime: number, processes: Recorded[]): ReturnType<typeof parseProcessFiles> {
  const status = processes.map(
    ({ pid, parent, argv }) => `Name:\t${argv[0]!.slice(0, 15)}\nPid:\t${pid}\nPPid:\t${parent}\n`,
  )
  const files = processes.flatMap(({ pid, argv, cgroup = '', pss = 0, ran = [0] }) => [
    ...argv.map((word) => `/proc/${pid}/cmdline:${word}`),
    `/proc/${pid}/cgroup:0::${cgroup}\n`,
    `/proc/${pid}/smaps_rollup:55d0-7ffd ---p 00000000 00:00 0   [rollup]\nRss:  9999 kB\nPss:   ${pss} kB\nPss_Dirty:  1 kB\n`,
    ...ran.map((spent, index) => `/proc/${pid}/task/${pid + index}/schedstat:${spent} 5 1\n`),
  ])
  return parseProcessFiles(
    [`/proc/uptime:${uptime} 100.00\n`, ...files, ''].join('\0'),
    parseProcessList(status.join('')),
  )
}

const services: Recorded[] = [
  { pid: 10, parent: 1, argv: ['node', 'supervisor.js'], pss: 1000 },
  { pid: 11, parent: 10, argv: ['node', 'node.js'], pss: 3000, ran: [4e9, 1e9] },
  { pid: 12, parent: 11, argv: ['nft', 'monitor'], pss: 500 },
]

const first: PodReading = {
  namespace: 'default',
  name: 'first',
  ready: true,
  address: '10.244.0.5',
  pid: 21,
  containers: [{ name: 'main', image: 'busybox', state: 'running', restarts: 1, pid: 22 }],
}

function reading(pods: PodReading[], uptime: number, processes: Recorded[]): ClusterReading {
  return {
    supervisor: {
      pid: 10,
      services: [
        { name: 'node', state: 'ready', pid: 11, restarts: 0 },
        { name: 'containerd', state: 'backoff', restarts: 3 },
      ],
    },
    runtime: { name: 'containerd', version: '1.6', pods },
    processes: recorded(uptime, processes),
  }
}

/** `name(child child)`, as far as names go. */
function shape({ kind, name, details, children }: TreeNode): string {
  const own = kind === 'process' ? details.command! : name
  return children.length === 0 ? own : `${own}(${children.map(shape).join(', ')})`
}

function find(root: TreeNode, name: string): TreeNode {
  const all = (node: TreeNode): TreeNode[] => [node, ...node.children.flatMap(all)]
  const found = all(root).find((node) => node.name === name)
  assert.ok(found, `${name} in ${shape(root)}`)
  return found
}

const pod: Recorded[] = [
  { pid: 20, parent: 1, argv: ['/usr/bin/containerd-shim-runc-v2', '-id', 'x'], pss: 4000, ran: [2e9] },
  { pid: 21, parent: 20, argv: ['/pause'], cgroup: '/pod/pause' },
  { pid: 22, parent: 20, argv: ['sh', '-c', 'a\nb'], cgroup: '/pod/main', pss: 100, ran: [1e9] },
  { pid: 23, parent: 22, argv: ['sleep', '1'], cgroup: '/pod/main', pss: 50 },
  { pid: 24, parent: 20, argv: ['ls'], cgroup: '/pod/main', pss: 10, ran: [5e7] },
]

test('layers in order; a shim is the parent of its pod; what exec runs is in its container; nothing stands twice', () => {
  const now = reading([first], 100, [...services, ...pod])
  const tree = buildTree(facts, now, now)
  assert.equal(
    shape(tree),
    'here(none(kay(services(supervisor, node(nft monitor), containerd), containerd(default/first(' +
      'containerd-shim-runc-v2(sandbox(/pause), main(sh -c a\nb(sleep 1), ls)))))))',
  )
  const { pid, memory } = find(tree, 'containerd-shim-runc-v2')
  assert.deepEqual([pid, memory], [20, 4000 * 1024])
  assert.equal(find(tree, 'main').memory, 160 * 1024)
  assert.equal(tree.memory, (4500 + 4160) * 1024)
  assert.equal(find(tree, 'node').details.purpose, 'kubelet, service proxy')
})

test('CPU is what was spent between two readings, by all threads', () => {
  const before = reading([first], 100, [...services, ...pod.slice(0, 4)])
  const later = [...services, ...pod].map((process) =>
    process.pid === 11 ? { ...process, ran: [4.5e9, 1.1e9] } : process,
  )
  const tree = buildTree(facts, reading([first], 102, later), before)
  assert.equal(Math.round(find(tree, 'node').cpu * 100) / 100, 30)
  assert.equal(find(tree, 'ls').cpu, 2.5)
  assert.equal(find(tree, 'sleep').cpu, 0)
  assert.equal(Math.round(tree.cpu * 10) / 10, 32.5)
})

test('runtimes with a parent for each container, or with none', () => {
  const monitored: Recorded[] = [
    { pid: 30, parent: 1, argv: ['conmon', '-c', 'sandbox'] },
    { pid: 21, parent: 30, argv: ['/pause'] },
    { pid: 31, parent: 1, argv: ['conmon', '-c', 'main'] },
    { pid: 22, parent: 31, argv: ['httpd'] },
  ]
  const two = reading([first], 100, [...services, ...monitored])
  assert.match(
    shape(buildTree(facts, two, two)),
    /default\/first\(conmon\(sandbox\(\/pause\)\), conmon\(main\(httpd\)\)\)/,
  )
  const adopted = monitored.map((process) => (process.pid < 30 ? { ...process, parent: 1 } : process))
  const none = reading([first], 100, [...services, ...adopted.filter(({ pid }) => pid < 30)])
  assert.match(shape(buildTree(facts, none, none)), /default\/first\(sandbox\(\/pause\), main\(httpd\)\)/)
})

test('what has ended is there without figures, and so is a runtime that does not answer', () => {
  const over: PodReading = {
    ...first,
    ready: false,
    pid: undefined,
    address: undefined,
    containers: [{ ...first.containers[0]!, state: 'exited (3)', pid: undefined }],
  }
  const now = reading([over], 100, services)
  const ended = find(buildTree(facts, now, now), 'default/first')
  assert.deepEqual([ended.state, ended.memory, ended.children[0]!.state], ['ended', 0, 'exited (3)'])
  const mute = { ...now, runtime: { name: 'containerd', problem: 'does not answer: gone' } }
  const runtime = buildTree(facts, mute, mute).children[0]!.children[0]!.children[1]!
  assert.deepEqual([runtime.kind, runtime.state, runtime.children], ['runtime', 'does not answer: gone', []])
})

test('a process cannot pass for another by its name or arguments', () => {
  const list = parseProcessList('Name:\tevil\\nPid:\\t1\nPid:\t50\nPPid:\t1\n')
  assert.deepEqual([...list], [[50, { name: 'evil\\nPid:\\t1', parent: 1 }]])
  const { processes } = parseProcessFiles(
    '/proc/50/cmdline:a\n/proc/51/cmdline:b\0/proc/51/cmdline:not listed\0',
    list,
  )
  assert.deepEqual([...processes.keys()], [50])
  assert.deepEqual(processes.get(50)!.argv, ['a\n/proc/51/cmdline:b'])
})
