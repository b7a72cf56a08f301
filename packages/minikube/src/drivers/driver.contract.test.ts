import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { describe, test } from 'node:test'
import { silentProgress, type Work } from '../progress.ts'
import type { Driver, MachineSpec } from './driver.ts'

/** What every driver keeps to. `skip`: why it cannot be tried on this machine. */
export function driverContract(driver: Driver, spec: MachineSpec, skip: string | undefined): void {
  const work: Work = { signal: new AbortController().signal, progress: silentProgress }

  describe(`driver ${driver.name}`, () => {
    test('says whether it can be used, and if not why and what to do', async () => {
      const health = await driver.probe(AbortSignal.timeout(10_000))
      if (health.healthy) assert.ok(health.installed)
      else assert.ok(health.reason && health.advice)
    })

    test('has a name of its own and a priority', () => {
      assert.match(driver.name, /^[a-z0-9]+$/)
      assert.ok(!driver.aliases.includes(driver.name))
      assert.ok(driver.traits.priority >= 0)
    })

    test('makes a machine that runs, has an address, and is a node; removes it', {
      skip: skip ?? false,
    }, async () => {
      await driver.create(spec, work)
      try {
        assert.equal(await driver.state(spec), 'running')
        assert.notEqual(isIP(await driver.ip(spec)), 0)
        const node = await driver.node(spec)
        const { stdout } = await node.run(['id', '-u'])
        assert.equal(stdout.toString().trim(), '0')
        await driver.stop(spec, work)
        await driver.start(spec, work)
        assert.equal(await driver.state(spec), 'running')
      } finally {
        await driver.delete(spec, work)
      }
      await driver.delete(spec, work)
    })
  })
}
