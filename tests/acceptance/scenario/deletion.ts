import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { it } from 'node:test'
import { leftovers, machineSnapshot } from '../../support/machine-snapshot.ts'
import type { Stage } from './scenario.ts'

export function deletion(stage: Stage): void {
  it('the ledger names what was changed', async () => {
    const out = await stage.cluster.minikube(['ledger'])
    assert.match(out, /sysctl/i)
    assert.match(out, /net\.ipv4\.ip_forward/)
  })

  it('delete leaves nothing: no process, mount, interface, route, table, cgroup, sysctl, package, file', async () => {
    const { cluster } = stage
    const out = await cluster.minikube(['delete'])
    assert.match(out, /Removed all traces of the "minikube" cluster/)
    assert.deepEqual(leftovers(stage.before, await machineSnapshot()), [])
    assert.doesNotMatch(await readFile(cluster.kubeconfig, 'utf8').catch(() => ''), /minikube/)
  })

  it('deleting again is no error', async () => {
    assert.equal((await stage.cluster.tryMinikube(['delete'])).code, 0)
  })
}
