import { existsSync } from 'node:fs'
import { machineLogs, machineRoot, machineRun } from '../node/layout.ts'
import type { Change } from '../node/ledger/change.ts'
import { fileChange } from '../node/ledger/files.ts'
import { neededModules } from '../node/ledger/kernel-module.ts'
import { planPackages } from '../node/ledger/packages.ts'
import { readSysctl } from '../node/ledger/sysctl.ts'
import type { Work } from '../progress.ts'
import { type Cluster, cgroupOf } from './cluster.ts'
import { missingPrograms } from './missing-programs.ts'
import { unitFile, unitName, unitPath, usesSystemd } from './service-unit.ts'

/**
 * Everything that a start changes on a machine that others use as well, in the order in which it is made; undone in
 * reverse. What is there already is known by the ledger.
 */
export async function plannedChanges(cluster: Cluster, work: Work): Promise<Change[]> {
  const [packages, modules, sysctls, unit] = await Promise.all([
    neededPackages(cluster, work),
    neededModules(cluster.engine.needs().modules),
    neededSysctls(cluster),
    usesSystemd() ? unitChanges(cluster) : [],
  ])
  return [...packages, ...modules, ...sysctls, ...ownChanges(cluster), ...unit]
}

/** What follows from the profile's name alone: also what a cluster without a ledger may have left. */
export function ownChanges(cluster: Cluster): Change[] {
  const { layout, network, profile, runtime, runtimeLayout } = cluster
  const shared = (path: string): Change => ({
    kind: 'shared-directory',
    path,
    previous: existsSync(path) ? 'present' : null,
  })
  const traces = runtime.traces(runtimeLayout)
  return [
    ...[machineRoot, machineRun, machineLogs].map(shared),
    ...traces.map((trace) => (trace.kind === 'shared-directory' ? shared(trace.path) : trace)),
    { kind: 'directory', path: layout.data },
    { kind: 'directory', path: layout.run },
    { kind: 'directory', path: layout.logs },
    { kind: 'hosts-block', path: '/etc/hosts', profile: profile.Name },
    { kind: 'cgroup', path: cgroupOf(profile.Name) },
    { kind: 'nft-table', family: 'ip', name: network.nftTable },
    { kind: 'forward-rules', bridge: network.bridgeName },
    { kind: 'interface', name: network.bridgeName },
    ...[network.serviceCidr, network.loadBalancerCidr].flatMap((destination): Change[] =>
      destination === undefined ? [] : [{ kind: 'route', destination, device: 'lo' }],
    ),
    { kind: 'processes', what: 'supervisor, control plane and node', marker: `${layout.engine}/` },
    { kind: 'processes', what: 'the container runtime', marker: `${runtimeLayout.configDir}/` },
    { kind: 'processes', what: 'containers', marker: `${runtimeLayout.runDir}/` },
  ]
}

async function neededPackages(cluster: Cluster, work: Work): Promise<Change[]> {
  const needs = [cluster.runtime.needs(), cluster.engine.needs()]
  const missing = await missingPrograms(
    cluster.node,
    needs.flatMap(({ programs }) => programs),
  )
  if (missing.length === 0) return []
  return planPackages(
    cluster.node,
    needs.flatMap(({ packages }) => packages),
    work,
  )
}

async function neededSysctls(cluster: Cluster): Promise<Change[]> {
  const wanted = Object.entries(cluster.engine.needs().sysctls)
  return Promise.all(
    wanted.map(
      async ([key, value]): Promise<Change> => ({
        kind: 'sysctl',
        key,
        value,
        previous: (await readSysctl(key)) ?? value,
      }),
    ),
  )
}

async function unitChanges(cluster: Cluster): Promise<Change[]> {
  const name = unitName(cluster.profile.Name)
  return [await fileChange(unitPath(cluster.profile.Name), unitFile(cluster)), { kind: 'unit', name }]
}
