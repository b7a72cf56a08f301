import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { removeOrphanedLogs } from './orphaned-logs.ts'

test('logs of unknown pods go with the links to them; everything else stays', async () => {
  const root = mkdtempSync(join(tmpdir(), 'orphaned-logs-'))
  const [pods, containers] = [join(root, 'pods'), join(root, 'containers')]
  for (const name of ['ns_known_u1', 'ns_gone_u2', 'somebody-elses']) {
    mkdirSync(join(pods, name, 'main'), { recursive: true })
    writeFileSync(join(pods, name, 'main', '0.log'), '')
  }
  mkdirSync(containers)
  symlinkSync(join(pods, 'ns_known_u1/main/0.log'), join(containers, 'known_ns_main-1.log'))
  symlinkSync(join(pods, 'ns_gone_u2/main/0.log'), join(containers, 'gone_ns_main-2.log'))
  symlinkSync('/nonexistent', join(containers, 'other.log'))
  await removeOrphanedLogs(pods, containers, new Set(['u1']))
  assert.deepEqual(readdirSync(pods).sort(), ['ns_known_u1', 'somebody-elses'])
  assert.deepEqual(readdirSync(containers).sort(), ['known_ns_main-1.log', 'other.log'])
  rmSync(root, { recursive: true })
})
