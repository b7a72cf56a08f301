import type { EngineContext } from '../engines/engine.ts'
import { messageOf } from '../error.ts'
import type { Home } from '../home.ts'
import { withLock } from '../lock.ts'
import { Ledger } from '../node/ledger/ledger.ts'
import type { SupervisorConfig } from '../node/supervisor/protocol.ts'
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
import { resume } from './pause.ts'
import { refuseTakenPorts } from './ports.ts'
import { powerOff } from './power-off.ts'
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
    const fresh = !(await profileNames(home)).includes(name)
    const settle = (): Promise<Cluster | undefined> => settleOnMachine(request, fresh, work)
    // Who is new takes addresses that nobody else has: one at a time.
    const known = (await readClaim(name)) !== undefined
    const cluster =
      known || request.dryRun
        ? await settle()
        : await withLock('machine', 'setting up a cluster', work, settle)
    if (!cluster) return undefined
    const before = await cluster.supervisor.status()
    if (before?.services.some(({ state }) => state === 'paused')) await resume(cluster)
    const booted = await tidily(cluster, fresh, work, () => boot(cluster, work))
    if (request.wait) await waitUntilReady(cluster, booted, request.waitTimeout, work)
    const alreadyRunning =
      before?.services.every(({ state }) => state === 'ready') === true &&
      JSON.stringify(before.config) === JSON.stringify(booted.config)
    return { profile: cluster.profile, alreadyRunning, current: booted.current }
  })
}

/** A new cluster that cannot be made leaves the machine as it was found; one that was interrupted can go on later. */
async function tidily<T>(cluster: Cluster, fresh: boolean, work: Work, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (fresh && !work.signal.aborted) {
      await powerOff(cluster, false, work)
        .then(() => removeCluster(cluster, false))
        .catch((also: unknown) => work.progress.warn(`Not all could be undone: ${messageOf(also)}`))
    }
    throw error
  }
}

/** Chooses or changes the profile, makes the changes that the machine needs and claims the place. */
async function settleOnMachine(
  request: StartRequest,
  fresh: boolean,
  work: Work,
): Promise<Cluster | undefined> {
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
  if (!(await isRunning(cluster))) {
    await Promise.all([refuseFullDisk(layout.data, fresh), refuseTakenPorts(cluster)])
  }
  const changes = await plannedChanges(cluster, work)
  announce(ledger, changes, request.install, work)
  await tidily(cluster, fresh, work, async () => {
    await saveProfile(home, profile)
    await ledger.make(changes, cluster.node, work)
    const claim: Claim = { profile: profile.Name, home: home.root, slot: profile.Slot, ledger: ledger.path }
    await cluster.node.writeFiles([{ path: layout.claim, content: `${JSON.stringify(claim)}\n` }])
  })
  return cluster
}

interface Booted {
  config: SupervisorConfig
  context: EngineContext
  /** kubectl's current context is this cluster now. */
  current: boolean
}

/** Brings machine, configuration and services up; they may not be ready yet. */
async function boot(cluster: Cluster, work: Work): Promise<Booted> {
  const { home, profile, driver, machine } = cluster
  work.progress.step('Starting Node', `Starting "${profile.Name}" primary control-plane node on this machine`)
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
  return { config, context, current: await publishContext(cluster, context) }
}

async function waitUntilReady(
  cluster: Cluster,
  { config, context }: Booted,
  patience: number,
  work: Work,
): Promise<void> {
  const { runtime, node, runtimeLayout, engine } = cluster
  work.progress.step('Verifying Kubernetes', 'Waiting for Kubernetes to be ready ...')
  const timed = AbortSignal.any([work.signal, AbortSignal.timeout(patience)])
  await followServices(cluster, { ...work, signal: timed }, patience, async (up, signal) => {
    await Promise.all([
      // The node may be Ready in the API's memory only: its process has to be up as well.
      ...config.services.map(({ name }) => up(name)),
      up(runtime.name).then(() => runtime.provision(node, runtimeLayout)),
      up('control-plane').then(() => engine.ready(context, { ...work, signal })),
    ])
  })
}
