import { statfs } from 'node:fs/promises'
import type { Driver, DriverHealth } from '../drivers/driver.ts'
import { MinikubeError } from '../error.ts'
import type { Home } from '../home.ts'
import { withLock } from '../lock.ts'
import { machineRoot } from '../node/layout.ts'
import type { Change } from '../node/ledger/change.ts'
import { describeChange } from '../node/ledger/change-kinds.ts'
import { loadModulesCommand } from '../node/ledger/kernel-module.ts'
import { Ledger } from '../node/ledger/ledger.ts'
import { installPrograms } from '../node/programs.ts'
import type { SupervisorConfig } from '../node/supervisor/protocol.ts'
import type { Work } from '../progress.ts'
import { plannedChanges } from './changes.ts'
import { chooseProfile } from './choose-profile.ts'
import { type Claim, readClaim, refuseForeign } from './claim.ts'
import { type Cluster, engineContext, openCluster } from './cluster.ts'
import { followServices } from './follow-services.ts'
import { isRunning } from './is-running.ts'
import { checkKubeconfig } from './kubeconfig.ts'
import { nodeFacts } from './node-facts.ts'
import { refuseTakenPorts } from './ports.ts'
import type { Profile } from './profile.ts'
import { saveProfile } from './profile-store.ts'
import { publishContext } from './publish-context.ts'
import type { StartOptions } from './start-options.ts'
import { applyServices, ensureSupervisor } from './supervise.ts'
import { syncNode } from './sync-node.ts'

export interface StartRequest {
  home: Home
  name: string
  options: StartOptions
  /** Install missing packages; false: refuse and say which are missing. */
  install: boolean
  /** Show what would be done and do nothing. */
  dryRun: boolean
  /** Wait until the cluster is ready. */
  wait: boolean
  /** Milliseconds. */
  waitTimeout: number
}

export interface StartResult {
  profile: Profile
  /** Nothing had to be started. */
  alreadyRunning: boolean
  /** kubectl's current context is this cluster now. */
  current: boolean
}

const leastDisk = 500 * 2 ** 20
const maxLogBytes = 10 * 2 ** 20

/** Makes the cluster run as the profile and the options say; does only what is not done already. */
export async function start(request: StartRequest, work: Work): Promise<StartResult | undefined> {
  const { home, name } = request
  return withLock(`profile ${home.root} ${name}`, `working on the profile "${name}"`, work, async () => {
    await checkKubeconfig(home)
    const settle = (): Promise<Cluster | undefined> => settleOnMachine(request, work)
    // Who is new takes addresses that nobody else has: one at a time.
    const known = (await readClaim(name)) !== undefined
    const cluster =
      known || request.dryRun
        ? await settle()
        : await withLock('machine', 'setting up a cluster', work, settle)
    return cluster && (await boot(cluster, request, work))
  })
}

/** Chooses or changes the profile, makes the changes that the machine needs and claims the place. */
async function settleOnMachine(request: StartRequest, work: Work): Promise<Cluster | undefined> {
  const { home } = request
  const profile = await chooseProfile(request, work)
  const cluster = await openCluster(home, profile)
  const { driver, layout } = cluster
  const ledger = await Ledger.open(home, profile.Name)
  if (request.dryRun) {
    await showPlan(cluster, ledger, work)
    return undefined
  }
  refuseUnhealthy(driver, await driver.probe(work.signal))
  await refuseForeign(home, profile.Name)
  if (!(await isRunning(cluster))) await Promise.all([refuseFullDisk(), refuseTakenPorts(cluster)])
  const changes = await plannedChanges(cluster, work)
  announce(ledger, changes, request.install, work)
  await saveProfile(home, profile)
  await ledger.make(changes, cluster.node, work)
  const claim: Claim = { profile: profile.Name, home: home.root, slot: profile.Slot, ledger: ledger.path }
  await cluster.node.writeFiles([{ path: layout.claim, content: `${JSON.stringify(claim)}\n` }])
  return cluster
}

async function boot(cluster: Cluster, request: StartRequest, work: Work): Promise<StartResult> {
  const { home, profile, driver, machine, layout, node, runtime, engine, runtimeLayout } = cluster
  work.progress.step('Starting Node', `Starting "${profile.Name}" primary control-plane node on this machine`)
  const before = await cluster.supervisor.status()
  await driver.start(machine, work)
  // On somebody's own machine the cluster's address is its bridge's: the machine's change, and the world may see them.
  const [bridgeIP] = cluster.network.bridgeAddress.split('/')
  cluster.primary.IP = driver.traits.isolation === 'host' ? bridgeIP! : await driver.ip(machine)
  const { KubernetesVersion, ContainerRuntime } = profile.KubernetesConfig
  work.progress.step(
    'Preparing Kubernetes',
    `Preparing Kubernetes ${KubernetesVersion} on ${ContainerRuntime} ...`,
  )
  const [programs, facts] = await Promise.all([
    installPrograms(layout.engine),
    nodeFacts(node),
    saveProfile(home, profile),
    syncNode(cluster, work),
    withLock(`authority ${home.root}`, 'making certificates', work, () => makeAuthorities(cluster)),
  ])
  const context = engineContext(cluster, facts, programs)
  const base = supervisorConfig(cluster, programs.argv('supervisor').join(' '))
  const [runtimeServices, engineServices] = await Promise.all([
    runtime.configure(node, runtimeLayout),
    engine.prepare(context),
    ensureSupervisor(cluster, programs.argv('supervisor'), base, work.signal),
  ])
  const config: SupervisorConfig = { ...base, services: [...runtimeServices, ...engineServices] }
  work.progress.step('Booting control plane', 'Booting the control plane ...')
  await applyServices(cluster, config)
  const current = await publishContext(cluster, context)
  if (request.wait) {
    work.progress.step('Verifying Kubernetes', 'Waiting for Kubernetes to be ready ...')
    const timed = AbortSignal.any([work.signal, AbortSignal.timeout(request.waitTimeout)])
    await followServices(cluster, { ...work, signal: timed }, request.waitTimeout, async (up, signal) => {
      await Promise.all([
        // The node may be Ready in the API's memory only: its process has to be up as well.
        ...config.services.map(({ name }) => up(name)),
        up(runtime.name).then(() => runtime.provision(node, runtimeLayout)),
        up('control-plane').then(() => engine.ready(context, { ...work, signal })),
      ])
    })
  }
  const alreadyRunning =
    before?.services.every(({ state }) => state === 'ready') === true && same(before.config, config)
  return { profile, alreadyRunning, current }
}

async function makeAuthorities({ credentials }: Cluster): Promise<void> {
  await Promise.all([credentials.authority('ca'), credentials.authority('proxy-client-ca')])
}

function refuseUnhealthy(driver: Driver, health: DriverHealth): void {
  if (health.healthy) return
  throw new MinikubeError(
    driver.traits.needsRoot && process.getuid?.() !== 0 ? 'DRV_NEEDS_ROOT' : 'DRV_NOT_HEALTHY',
    `the driver "${driver.name}" cannot be used: ${health.reason ?? 'it is not healthy'}`,
    { ...(health.advice !== undefined && { advice: health.advice }) },
  )
}

function same(before: SupervisorConfig, now: SupervisorConfig): boolean {
  return JSON.stringify(before) === JSON.stringify(now)
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

/** Says what will be installed and changed, or refuses. */
function announce(ledger: Ledger, changes: readonly Change[], install: boolean, work: Work): void {
  const fresh = changes.filter((change) => !ledger.find(change))
  const packages = fresh.filter((change) => change.kind === 'package')
  if (packages.length > 0 && !install) {
    const names = packages.map(({ name }) => name).join(', ')
    throw new MinikubeError('DRV_NEEDS_PACKAGES', `these Debian packages are missing: ${names}`, {
      advice:
        "Leave out --install=false, or install them with 'apt-get install --no-install-recommends' and those names.",
    })
  }
  if (packages.length > 0) {
    work.progress.step(
      'Downloading Artifacts',
      `Installing Debian packages, removed again by 'minikube delete': ${packages.map(({ name }) => name).join(', ')}`,
    )
  }
  const settings = fresh.filter((change) => change.kind === 'sysctl' && change.value !== change.previous)
  for (const change of settings) work.progress.info(`Going to ${describeChange(change)}`)
}

async function showPlan(cluster: Cluster, ledger: Ledger, work: Work): Promise<void> {
  const fresh = (await plannedChanges(cluster, work)).filter((change) => !ledger.find(change))
  work.progress.step(
    'Done',
    fresh.length === 0
      ? 'Nothing new would be changed on this machine.'
      : 'This would be done on this machine:',
  )
  for (const change of fresh) work.progress.info(describeChange(change))
}

async function refuseFullDisk(): Promise<void> {
  const { bavail, bsize } = await statfs('/var/lib')
  if (bavail * bsize >= leastDisk) return
  throw new MinikubeError(
    'RSRC_INSUFFICIENT_STORAGE',
    `only ${Math.floor((bavail * bsize) / 2 ** 20)} MB are free at ${machineRoot}, a cluster needs ${leastDisk / 2 ** 20} MB`,
  )
}
