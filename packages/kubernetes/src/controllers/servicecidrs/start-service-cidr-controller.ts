import { BlockList, isIPv6 } from 'node:net'
import { isReason } from '../../api/api-error.ts'
import { deepEqual } from '../../api/json.ts'
import { toTime } from '../../api/time.ts'
import type { Service } from '../../api/types/core-v1.ts'
import type { ServiceCIDR } from '../../api/types/networking-v1.ts'
import { findCondition } from '../../client/conditions.ts'
import { serviceCIDRs, services } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'

const finalizer = 'networking.k8s.io/service-cidr-finalizer'

/** Says that ranges of cluster IPs are ready, and keeps those that Services still have addresses of. Keys are their names. */
export function startServiceCidrController(context: ControllerContext): Controller {
  const { client } = context
  const cache = context.informers.informer<ServiceCIDR>(serviceCIDRs)
  const serviceCache = context.informers.informer<Service>(services)
  const loop = createLoop(context, {
    name: 'service-cidr-controller',
    caches: [cache, serviceCache],
    async reconcile(name) {
      const range = cache.get('', name)
      if (!range) return
      try {
        if (!range.metadata.deletionTimestamp) await keepReady(range)
        else if (range.metadata.finalizers?.includes(finalizer)) await release(range)
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    },
  })
  const wakeAll = (): void => {
    for (const { metadata } of cache.list()) loop.queue.add(metadata.name ?? '')
  }
  loop.listen(cache, wakeAll)
  loop.listen(serviceCache, ({ current }) => {
    if (!current && cache.list().some(({ metadata }) => metadata.deletionTimestamp)) wakeAll()
  })

  async function keepReady(range: ServiceCIDR): Promise<void> {
    const { finalizers = [] } = range.metadata
    if (!finalizers.includes(finalizer)) {
      const metadata = { ...range.metadata, finalizers: [...finalizers, finalizer] }
      await client.update<ServiceCIDR>(serviceCIDRs, { ...range, metadata })
      return
    }
    await setReady(range, true, '', 'Kubernetes Service CIDR is ready')
  }

  async function release(range: ServiceCIDR): Promise<void> {
    const others = cache.list().filter((each) => each !== range && !each.metadata.deletionTimestamp)
    const inRange = membership([range])
    const elsewhere = membership(others)
    const held = serviceCache
      .list()
      .flatMap(({ spec }) => spec?.clusterIPs ?? [])
      .some((address) => inRange(address) && !elsewhere(address))
    if (held) {
      const message =
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR'
      await setReady(range, false, 'Terminating', message)
      return
    }
    const finalizers = range.metadata.finalizers?.filter((each) => each !== finalizer) ?? []
    await client.update<ServiceCIDR>(serviceCIDRs, { ...range, metadata: { ...range.metadata, finalizers } })
  }

  async function setReady(
    range: ServiceCIDR,
    ready: boolean,
    reason: string,
    message: string,
  ): Promise<void> {
    const before = findCondition(range.status?.conditions, 'Ready')
    const status = ready ? 'True' : 'False'
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : toTime(context.now())
    const condition = { type: 'Ready', status, reason, message, lastTransitionTime }
    if (deepEqual(before, condition)) return
    const others = (range.status?.conditions ?? []).filter((each) => each !== before)
    await client.update<ServiceCIDR>(
      serviceCIDRs,
      { ...range, status: { ...range.status, conditions: [...others, condition] } },
      { subresource: 'status' },
    )
  }

  return loop
}

function membership(ranges: ServiceCIDR[]): (address: string) => boolean {
  const list = new BlockList()
  for (const cidr of ranges.flatMap(({ spec }) => spec?.cidrs ?? [])) {
    const [base = '', bits = ''] = cidr.split('/')
    list.addSubnet(base, Number(bits), isIPv6(base) ? 'ipv6' : 'ipv4')
  }
  return (address) => address !== 'None' && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
