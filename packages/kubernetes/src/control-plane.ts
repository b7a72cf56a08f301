import { readFileSync } from 'node:fs'
import { Aggregator } from './apiserver/aggregator/aggregator.ts'
import { maintainLocalApiServices } from './apiserver/aggregator/local-api-services.ts'
import { legacyClaims } from './apiserver/auth/tokens/legacy-token-authenticator.ts'
import { type ApiCore, createApiCore } from './apiserver/create-api-core.ts'
import { startApiServer } from './apiserver/http/api-server.ts'
import { RequestMetrics } from './apiserver/http/request-metrics.ts'
import { createRoutes } from './apiserver/http/routes.ts'
import { metricsResources } from './apiserver/metrics/metrics-resources.ts'
import type { Client } from './client/client.ts'
import type { ControlPlaneConfig } from './control-plane-config.ts'
import type { Logger } from './log.ts'
import { openStore } from './store/open-store.ts'

export interface ControlPlane {
  /** Where the API is served, e.g. `https://127.0.0.1:8443`. */
  readonly url: string
  readonly port: number
  /** The API in this process, with all rights. */
  readonly client: Client
  /** Resolves when everything is closed and on disk. */
  stop(): Promise<void>
}

/** Starts a control plane in this process; resolves when it serves. */
export async function startControlPlane(
  config: ControlPlaneConfig,
  { log }: { log: Logger },
): Promise<ControlPlane> {
  // Whatever has been started is stopped in reverse: at the end, or when something cannot start.
  const started = new AsyncDisposableStack()
  try {
    return await start(config, log, started)
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
}

async function start(
  config: ControlPlaneConfig,
  log: Logger,
  started: AsyncDisposableStack,
): Promise<ControlPlane> {
  const read = (file: string): string => readFileSync(file, 'utf8')
  const clientCa = read(config.clientCaFile)
  const frontProxyCa = config.frontProxy && read(config.frontProxy.caFile)
  const store = openStore(config.dataDir)
  started.defer(() => store.close())
  const core = createApiCore({
    store,
    auth: {
      clientCa,
      ...(frontProxyCa && { frontProxyCa }),
      serviceAccount: {
        privateKey: read(config.serviceAccount.keyFile),
        issuer: config.serviceAccount.issuer,
      },
      externalAddress: `${config.advertiseAddress}:${config.port}`,
    },
    serviceCidr: config.serviceCidr,
    nodePortRange: config.nodePortRange,
    log,
  })
  started.defer(() => core.close())
  const metrics = new RequestMetrics()
  const proxying = lazy(async () => {
    const { openProxies } = await import('./apiserver/proxy/open-proxies.ts')
    return openProxies(core, config.kubeletClient)
  })
  started.defer(async () => (await proxying.made)?.close())
  const kubelets = async () => (await proxying.get()).kubelets
  core.catalog.add(metricsResources(store, kubelets, log.child('metrics')))
  const aggregator = new Aggregator({
    store,
    client: core.client,
    credentials: config.frontProxy && {
      cert: read(config.frontProxy.certFile),
      key: read(config.frontProxy.keyFile),
    },
    log: log.child('aggregator'),
  })
  started.defer(() => aggregator.close())
  const routes = createRoutes({
    core,
    aggregator,
    metrics,
    loadConnects: async () => (await proxying.get()).connects,
    advertise: () => `${config.advertiseAddress}:${server.port}`,
  })
  const server = await startApiServer({
    addresses: config.listenAddresses,
    port: config.port,
    cert: read(config.tls.certFile),
    key: read(config.tls.keyFile),
    clientCa,
    auth: core.auth,
    metrics,
    log: log.child('apiserver'),
    ...routes,
  })
  started.defer(() => server.stop())
  const { bootstrap } = await import('./apiserver/bootstrap/bootstrap.ts')
  const isNew = store.count('') === 0
  const bootstrapped = bootstrap({
    client: core.client,
    auth: core.auth,
    serviceCidr: config.serviceCidr,
    advertiseAddress: config.advertiseAddress,
    port: server.port,
    clientCa,
    frontProxyCa,
  })
  started.defer(() => bootstrapped.catch(() => {}))
  // A cluster that has lived before can serve while it is looked through.
  if (isNew) await bootstrapped
  else
    bootstrapped.catch((error: unknown) => log.error('cannot bring the basic objects up to date', { error }))
  const { client, catalog } = core
  started.defer(maintainLocalApiServices({ client, store, catalog, log: log.child('aggregator') }))
  // Not waited for: whoever waits for the API can go on while they load.
  const loops = startLoops(config, core, clientCa, log)
  loops.catch((error: unknown) => log.error('controllers cannot start', { error }))
  started.defer(async () => (await loops.catch(() => undefined))?.stop())
  return {
    url: `https://${config.listenAddresses[0]}:${server.port}`,
    port: server.port,
    client: core.client,
    stop: () => started.disposeAsync(),
  }
}

/** Controllers, scheduler and name server, on informers of their own over the API in this process. */
async function startLoops(
  config: ControlPlaneConfig,
  { client, catalog, auth }: ApiCore,
  rootCa: string,
  log: Logger,
): Promise<{ stop(): Promise<void> }> {
  const [
    { createInformerFactory },
    { createEventRecorder },
    { startControllers },
    { startScheduler },
    { startDns },
  ] = await Promise.all([
    import('./client/create-informer-factory.ts'),
    import('./client/create-event-recorder.ts'),
    import('./controllers/start-controllers.ts'),
    import('./scheduler/start-scheduler.ts'),
    import('./dns/start-dns.ts'),
  ])
  const stopping = new AbortController()
  const { signal } = stopping
  const informers = createInformerFactory(client, { log, signal })
  const recorder = (component: string) => createEventRecorder(client, component, { log, signal })
  const controllers = startControllers(
    { client, informers, recorder, log: log.child('controllers'), now: Date.now },
    {
      resources: {
        list: () => [...catalog.all()].map(({ info }) => info),
        onChange: (listener) => catalog.onChange(listener),
      },
      rootCa,
      clusterSigner: { certificate: rootCa, key: readFileSync(config.clientCaKeyFile, 'utf8') },
      hostPathProvisionerDir: config.hostPathProvisionerDir,
      signLegacyToken: (account, secretName) => auth.signer.sign(legacyClaims({ ...account }, secretName)),
      ...(config.loadBalancerCidr && { loadBalancerCidr: config.loadBalancerCidr }),
    },
  )
  const scheduler = startScheduler({
    client,
    informers,
    recorder: recorder('default-scheduler'),
    log: log.child('scheduler'),
  })
  const { clusterDomain, serviceCidr, podCidr } = config
  const dns = startDns(
    { ...config.dns, clusterDomain, serviceCidr, podCidr },
    { informers, client, log: log.child('dns') },
  )
  return {
    async stop() {
      await Promise.all([controllers.stop(), scheduler.stop(), dns.stop()])
      stopping.abort()
    },
  }
}

/** Makes a thing when it is first asked for. */
function lazy<T>(make: () => Promise<T>): { get(): Promise<T>; readonly made: Promise<T> | undefined } {
  let made: Promise<T> | undefined
  return {
    get() {
      made ??= make()
      return made
    },
    get made() {
      return made
    },
  }
}
