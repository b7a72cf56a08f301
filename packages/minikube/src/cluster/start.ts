import type { Home } from '../home.ts'
import { withLock } from '../lock.ts'
import { Ledger } from '../node/ledger/ledger.ts'
import type { Work } from '../progress.ts'
import { plannedChanges } from './changes.ts'
import { chooseProfile } from './choose-profile.ts'
import { type Claim, readClaim, refuseForeign } from './claim.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { configureCluster } from './configure.ts'
import { removeCluster } from './delete.ts'
import { followServices } from './follow-services.ts'
import { isRunning } from './is-running.ts'
import { checkKubeconfig } from './kubeconfig.ts'
import { refuseTakenPorts } from './ports.ts'
import { refuseFullDisk, refuseUnhealthy } from './preflight.ts'
import type { Profile } from './profile.ts'
import { profileNames, saveProfile } from './profile-store.ts'
import { publishContext } from './publish-context.ts'
import { announce, showPlan } from './report-plan.ts'
import type { StartOptions } from './start-options.ts'
import { applyServices } from './supervise.ts'
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
    showPlan(ledger, await plannedChanges(cluster, work), work)
    return undefined
  }
  refuseUnhealthy(driver, await driver.probe(work.signal))
  await refuseForeign(home, profile.Name)
  if (!(await isRunning(cluster))) await Promise.all([refuseFullDisk(), refuseTakenPorts(cluster)])
  const changes = await plannedChanges(cluster, work)
  announce(ledger, changes, request.install, work)
  const fresh = !(await profileNames(home)).includes(profile.Name)
  try {
    await saveProfile(home, profile)
    await ledger.make(changes, cluster.node, work)
    const claim: Claim = { profile: profile.Name, home: home.root, slot: profile.Slot, ledger: ledger.path }
    await cluster.node.writeFiles([{ path: layout.claim, content: `${JSON.stringify(claim)}\n` }])
  } catch (error) {
    // A machine that a new cluster cannot be made on is left as it was found.
    if (fresh) await removeCluster(cluster, false)
    throw error
  }
  return cluster
}

async function boot(cluster: Cluster, request: StartRequest, work: Work): Promise<StartResult> {
  const { home, profile, driver, machine, node, runtime, engine, runtimeLayout } = cluster
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
  await Promise.all([saveProfile(home, profile), syncNode(cluster, work)])
  const { config, context } = await configureCluster(cluster, work)
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
    before?.services.every(({ state }) => state === 'ready') === true &&
    JSON.stringify(before.config) === JSON.stringify(config)
  return { profile, alreadyRunning, current }
}
