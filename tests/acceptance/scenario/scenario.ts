import { after, afterEach, before, describe, type TestContext } from 'node:test'
import { installPackages } from '../../support/debian.ts'
import { busyboxArchive, nginxRoot, postgresRoot } from '../../support/images.ts'
import { type MachineSnapshot, machineSnapshot } from '../../support/machine-snapshot.ts'
import { type Cell, TestCluster } from '../../support/test-cluster.ts'
import { access } from './access.ts'
import { changes } from './changes.ts'
import { controllers } from './controllers.ts'
import { deletion } from './deletion.ts'
import { images } from './images.ts'
import { lifecycle } from './lifecycle.ts'
import { nodes } from './nodes.ts'
import { postgres } from './postgres.ts'
import { refusals } from './refusals.ts'
import { services } from './services.ts'
import { start } from './start.ts'
import { workloads } from './workloads.ts'

/** What the groups of the scenario share: one cluster, made by the first and deleted by the last. */
export interface Stage {
  cell: Cell
  cluster: TestCluster
  /** The machine before anything was started. */
  before: MachineSnapshot
}

/** The acceptance scenario: what must be seen to work in every cell, in the order in which a user would do it. */
export function scenario(cell: Cell): void {
  const stage = { cell } as Stage
  before(async () => {
    // What the tests themselves look at the machine with.
    await installPackages(['iproute2', 'mmdebstrap', 'busybox-static'])
    await Promise.all([busyboxArchive(), nginxRoot(), postgresRoot()])
    stage.cluster = await TestCluster.make()
    stage.before = await machineSnapshot()
  })
  let told = false
  afterEach(async (context) => {
    const { error } = context as TestContext & { error?: Error | null }
    if (!error || told || !stage.cluster) return
    told = true
    process.stderr.write(`\nthe cluster at the first failure:\n${await stage.cluster.diagnosis()}\n`)
  })
  describe('refusals before a start', () => refusals(stage))
  describe('start', () => start(stage))
  describe('images', () => images(stage))
  describe('workloads', () => workloads(stage))
  describe('controllers', () => controllers(stage))
  describe('logs, exec, port-forward', () => access(stage))
  describe('apply, patch, edit, diff', () => changes(stage))
  describe('services and names', () => services(stage))
  describe('nodes and access rights', () => nodes(stage))
  describe('a real workload', () => postgres(stage))
  describe('stop, start, crashes', () => lifecycle(stage))
  describe('delete', () => deletion(stage))
  after(async () => {
    await stage.cluster?.dispose()
  })
}
