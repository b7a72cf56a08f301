import { deepEqual } from '../../api/json.ts'
import type { Node, Service } from '../../api/types/core-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { nodes, services } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { addressPool } from './address-pool.ts'

/**
 * Gives Services of type LoadBalancer an address: one of the pool, each its own, or else a node's, which Services with
 * different ports share. The proxy of every node answers there, so that no helper process is needed. Services of another
 * `loadBalancerClass` are somebody else's. Keys are those of Services.
 */
export function startServiceLoadBalancerController(
  context: ControllerContext,
  poolCidr: string | undefined,
): Controller {
  const name = 'service-controller'
  const { client } = context
  const events = context.recorder(name)
  const cache = context.informers.informer<Service>(services)
  const nodeCache = context.informers.informer<Node>(nodes)
  const pool = poolCidr ? addressPool(poolCidr) : undefined
  // One at a time: two Services must not get the same address.
  const loop = createLoop(context, { name, caches: [cache, nodeCache], workers: 1, reconcile })

  loop.listen(cache, ({ current, old }) => {
    if (current) loop.queue.add(keyOf(current))
    // An address or a port has become free.
    if (
      old &&
      isOurs(old) &&
      (!current || !isOurs(current) || !deepEqual(old.spec?.ports, current.spec?.ports))
    ) {
      wakeWaiting()
    }
  })
  loop.listen(nodeCache, ({ current, old }) => {
    if (pool || deepEqual(current && internalIPs(current), old && internalIPs(old))) return
    for (const service of cache.list()) if (isOurs(service)) loop.queue.add(keyOf(service))
  })

  function wakeWaiting(): void {
    for (const service of cache.list()) {
      if (isOurs(service) && addressesOf(service).length === 0) loop.queue.add(keyOf(service))
    }
  }

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: serviceName } = splitKey(key)
    const cached = cache.get(namespace, serviceName)
    if (!cached || cached.metadata.deletionTimestamp) return
    // The cache may lack the address that the last reconcile gave to another Service.
    const service = await client.get<Service>(services, namespace, serviceName)
    if (!isOurs(service)) {
      const wasOurs = service.spec?.type !== 'LoadBalancer' && addressesOf(service).length > 0
      if (wasOurs) await setAddress(service, undefined)
      return
    }
    const all = (await client.list<Service>(services)).items
    const current = addressesOf(service)[0]
    const candidates = candidatesFor(service)
    const others = all.filter((other) => isOurs(other) && keyOf(other) !== key)
    if (current && fits(service, current, others, candidates)) return
    const chosen = first(candidates, (address) => fits(service, address, others, candidates))
    if (chosen === undefined) {
      const why = pool ? `no address is free in ${poolCidr}` : 'no node has these ports free'
      const message = `Error syncing load balancer: failed to ensure load balancer: ${why}`
      events.event({ ...service }, 'Warning', 'SyncLoadBalancerFailed', message)
      if (current) await setAddress(service, undefined)
      return
    }
    events.event({ ...service }, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer')
    await setAddress(service, chosen)
    events.event({ ...service }, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer')
  }

  function candidatesFor({ spec }: Service): () => Iterable<string> {
    const wanted = spec?.loadBalancerIP
    if (wanted) return () => [wanted]
    if (pool) return () => pool.addresses()
    return () =>
      nodeCache
        .list()
        .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
        .flatMap(internalIPs)
  }

  function fits(
    service: Service,
    address: string,
    others: Service[],
    candidates: () => Iterable<string>,
  ): boolean {
    if (pool ? !pool.has(address) : first(candidates(), (each) => each === address) === undefined)
      return false
    const sharing = others.filter((other) => addressesOf(other).includes(address))
    if (pool) return sharing.length === 0
    const ports = new Set(sharing.flatMap(portsOf))
    return !portsOf(service).some((port) => ports.has(port))
  }

  async function setAddress(service: Service, address: string | undefined): Promise<void> {
    const loadBalancer = address ? { ingress: [{ ip: address, ipMode: 'VIP' }] } : {}
    await client.update<Service>(
      services,
      { ...service, status: { ...service.status, loadBalancer } },
      { subresource: 'status' },
    )
  }

  return loop
}

function first(
  addresses: Iterable<string> | (() => Iterable<string>),
  accept: (address: string) => boolean,
): string | undefined {
  for (const address of typeof addresses === 'function' ? addresses() : addresses) {
    if (accept(address)) return address
  }
  return undefined
}

function isOurs({ spec }: Service): boolean {
  return spec?.type === 'LoadBalancer' && !spec.loadBalancerClass
}

function addressesOf({ status }: Service): string[] {
  return status?.loadBalancer?.ingress?.flatMap(({ ip }) => ip ?? []) ?? []
}

function portsOf({ spec }: Service): string[] {
  return (spec?.ports ?? []).map(({ port, protocol = 'TCP' }) => `${protocol} ${port}`)
}

function internalIPs({ status }: Node): string[] {
  return (status?.addresses ?? []).flatMap(({ type, address }) => (type === 'InternalIP' ? address : []))
}
