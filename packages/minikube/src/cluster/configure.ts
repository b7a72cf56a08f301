import type { EngineContext } from '../engines/engine.ts'
import { withLock } from '../lock.ts'
import { loadModulesCommand } from '../node/ledger/kernel-module.ts'
import { installPrograms } from '../node/programs.ts'
import type { SupervisorConfig } from '../node/supervisor/protocol.ts'
import type { Work } from '../progress.ts'
import { type Cluster, engineContext } from './cluster.ts'
import { nodeFacts } from './node-facts.ts'
import { ensureSupervisor } from './supervise.ts'

const maxLogBytes = 10 * 2 ** 20

/** Lays out programs, certificates and configuration on the node, beside a supervisor that starts meanwhile. */
export async function configureCluster(
  cluster: Cluster,
  work: Work,
): Promise<{ config: SupervisorConfig; context: EngineContext }> {
  const { home, layout, node, runtime, runtimeLayout, engine } = cluster
  const [programs, facts] = await Promise.all([
    installPrograms(layout.engine),
    nodeFacts(node),
    withLock(`authority ${home.root}`, 'making certificates', work, () => makeAuthorities(cluster)),
  ])
  const context = engineContext(cluster, facts, programs)
  const base = supervisorConfig(cluster, programs.argv('supervisor').join(' '))
  const [runtimeServices, engineServices] = await Promise.all([
    runtime.configure(node, runtimeLayout),
    engine.prepare(context),
    ensureSupervisor(cluster, programs.argv('supervisor'), base, work.signal),
  ])
  return { config: { ...base, services: [...runtimeServices, ...engineServices] }, context }
}

async function makeAuthorities({ credentials }: Cluster): Promise<void> {
  await Promise.all([credentials.authority('ca'), credentials.authority('proxy-client-ca')])
}

function supervisorConfig(cluster: Cluster, build: string): SupervisorConfig {
  const { layout, network, engine, profile } = cluster
  const { bridgeName, bridgeAddress } = network
  const octets = bridgeAddress.split('/')[0]!.split('.').map(Number)
  const hardware = ['0a', '58', ...octets.map((octet) => octet.toString(16).padStart(2, '0'))].join(':')
  return {
    profile: profile.Name,
    build,
    services: [],
    runDir: layout.run,
    logDir: layout.logs,
    socket: layout.supervisorSocket,
    sysctls: engine.needs().sysctls,
    commands: [
      loadModulesCommand(engine.needs().modules),
      {
        // The control plane and DNS bind its address, so it is there before them.
        argv: ['ip', '-batch', '-'],
        stdin: `link add name ${bridgeName} address ${hardware} type bridge\naddress add ${bridgeAddress} dev ${bridgeName}\nlink set ${bridgeName} up\n`,
        unless: `/sys/class/net/${bridgeName}`,
      },
    ],
    maxLogBytes,
  }
}
