import assert from 'node:assert/strict'
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type CgroupFiles, openCgroupFiles } from '../cgroups/cgroup-files.ts'
import { readCgroupUsage } from './cgroup-usage.ts'
import { CpuRates } from './cpu-rates.ts'
import { directoryUsage } from './file-system-usage.ts'
import { readMachineUsage } from './machine-usage.ts'
import { metricsText } from './metrics-text.ts'
import { readNetworkUsage } from './network-usage.ts'

const root = mkdtempSync(join(tmpdir(), 'stats-test-'))
after(() => rmSync(root, { recursive: true }))

function put(directory: string, files: Record<string, string>): string {
  const path = join(root, directory)
  mkdirSync(path)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

test('a rate needs two looks, not too close and not too far apart', () => {
  const rates = new CpuRates()
  assert.equal(rates.next('a', 0, 1e9), undefined)
  assert.equal(rates.next('a', 100, 2e9), undefined)
  assert.equal(rates.next('a', 10_000, 6e9), 5e8)
  assert.equal(rates.next('a', 10_100, 7e9), 5e8)
  assert.equal(rates.next('a', 20_000, 6.5e9), 5e7)
  assert.equal(rates.next('a', 90_000, 9e9), undefined)
  // It began anew.
  assert.equal(rates.next('a', 95_000, 1e6), undefined)
  rates.prune(200_000)
  assert.equal(rates.next('a', 200_001, 5e9), undefined)
})

test('a cgroup of either version says what it uses', async () => {
  const one = put('v1', {
    'cpuacct.usage': '123456789\n',
    'memory.usage_in_bytes': '5000\n',
    'memory.stat':
      'inactive_file 1\nhierarchical_memory_limit 10000\ntotal_rss 700\ntotal_inactive_file 1000\ntotal_pgfault 5\ntotal_pgmajfault 2\n',
    'pids.current': '3\n',
  })
  const two = put('v2', {
    'cpu.stat': 'usage_usec 123456\nuser_usec 1\n',
    'memory.current': '5000\n',
    'memory.max': 'max\n',
    'memory.stat': 'anon 700\ninactive_file 1000\npgfault 5\npgmajfault 2\n',
    'pids.current': '3\n',
  })
  const files = (version: 1 | 2, directory: string): CgroupFiles =>
    ({ version, directory: () => directory }) as unknown as CgroupFiles
  const shared = { usageBytes: 5000, workingSetBytes: 4000, rssBytes: 700, pageFaults: 5, majorPageFaults: 2 }
  const first = await readCgroupUsage(files(1, one), '/pod')
  assert.equal(first?.cpu, 123_456_789)
  assert.equal(first.processes, 3)
  assert.deepEqual(first.memory, { availableBytes: 6000, ...shared })
  const second = await readCgroupUsage(files(2, two), '/pod')
  assert.equal(second?.cpu, 123_456_000)
  assert.deepEqual(second.memory, shared)
  assert.equal(await readCgroupUsage(files(2, join(root, 'none')), '/pod'), undefined)
})

test('this machine says what it uses', async () => {
  const { cpu, memory } = await readMachineUsage(await openCgroupFiles())
  assert.ok(cpu > 0)
  assert.ok(memory.workingSetBytes > 0 && memory.workingSetBytes <= memory.usageBytes!)
})

test('of interfaces, those of containers and the loopback are left out, and eth0 comes first', async () => {
  const directory = put('net', {
    dev: [
      'Inter-|   Receive                                                |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
      '    lo:     1       2    0    0    0     0          0         0        4       5    0    0    0     0       0          0',
      ' wlan0:    10      20    3    0    0     0          0         0       40      50    6    0    0     0       0          0',
      '  eth0:100 200 30 0 0 0 0 0 400 500 60 0 0 0 0 0',
      'veth12:     1       2    0    0    0     0          0         0        4       5    0    0    0     0       0          0',
      '',
    ].join('\n'),
  })
  assert.deepEqual(await readNetworkUsage(join(directory, 'dev')), [
    { name: 'eth0', rxBytes: 100, rxErrors: 30, txBytes: 400, txErrors: 60 },
    { name: 'wlan0', rxBytes: 10, rxErrors: 3, txBytes: 40, txErrors: 6 },
  ])
})

test('a directory is what is in it, linked files once', async () => {
  const directory = put('tree', { a: 'x'.repeat(100_000) })
  mkdirSync(join(directory, 'below'))
  const before = await directoryUsage(directory)
  linkSync(join(directory, 'a'), join(directory, 'below', 'b'))
  const { usedBytes, inodesUsed } = await directoryUsage(directory)
  assert.equal(inodesUsed, 3)
  assert.equal(usedBytes, before.usedBytes)
  assert.ok(usedBytes >= 100_000)
  assert.deepEqual(await directoryUsage(join(root, 'none')), { usedBytes: 0, inodesUsed: 0 })
})

test('metrics as Prometheus reads them', () => {
  const text = metricsText([
    {
      name: 'a_total',
      help: 'Some.',
      type: 'counter',
      samples: [{ labels: { path: 'a"\\\n' }, value: 1.5, time: 1000.4 }, { value: 2 }],
    },
    { name: 'b', help: 'None.', type: 'gauge', samples: [] },
  ])
  assert.equal(
    text,
    '# HELP a_total Some.\n# TYPE a_total counter\na_total{path="a\\"\\\\\\n"} 1.5 1000\na_total 2\n',
  )
})
