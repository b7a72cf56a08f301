import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  milliCpuToQuota,
  milliCpuToShares,
  quotaToMilliCpu,
  sharesToMilliCpu,
  sharesToWeight,
} from './cpu.ts'

test('millicores become shares and quotas as upstream computes them, and come back', () => {
  assert.deepEqual([0, 1, 100, 1000, 10_000_000].map(milliCpuToShares), [2, 2, 102, 1024, 262_144])
  assert.deepEqual(
    [0, 1, 250, 2000].map((milli) => milliCpuToQuota(milli)),
    [0, 1000, 25_000, 200_000],
  )
  assert.deepEqual([2, 102, 1024].map(sharesToMilliCpu), [2, 100, 1000])
  assert.deepEqual([quotaToMilliCpu(25_000, 100_000), quotaToMilliCpu(-1, 100_000)], [250, 0])
  assert.deepEqual([2, 1024, 262_144].map(sharesToWeight), [1, 100, 10_000])
})
