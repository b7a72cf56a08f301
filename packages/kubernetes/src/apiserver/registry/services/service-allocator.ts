import { ApiError } from '../../../api/api-error.ts'
import type { StoredKubeObject } from '../../../api/kube-object.ts'
import type { Service, ServicePort } from '../../../api/types/core-v1.ts'
import { services } from '../../../client/resources.ts'
import { follow, type StoreReader } from '../../auth/store-reader.ts'
import type { Finish, ResourceHooks } from '../resource-hooks.ts'
import { reconcileAllocations } from '../strategies/service.ts'
import { AddressRange } from './address-range.ts'
import { settleFamilies } from './ip-families.ts'
import { NumberPool } from './number-pool.ts'

type StoredService = StoredKubeObject & Service

/** What one write has taken so far, to give back if it fails. */
type Taken = { pool: NumberPool; number: number }[]

/**
 * Gives Services their cluster addresses, node ports and health check ports. What is in use follows from the stored
 * Services; a write under way holds its numbers until it is decided.
 */
export class ServiceAllocator implements ResourceHooks {
  readonly #range: AddressRange
  readonly #addresses: NumberPool
  readonly #ports: NumberPool
  readonly #portRange: readonly [number, number]
  readonly #end: () => void

  constructor(store: StoreReader, serviceCidr: string, nodePortRange: readonly [number, number]) {
    this.#range = new AddressRange(serviceCidr)
    this.#addresses = new NumberPool(1, this.#range.last, clamp((this.#range.last + 1) / 16, 16, 256))
    const [first, last] = nodePortRange
    this.#portRange = nodePortRange
    this.#ports = new NumberPool(first, last, clamp((last - first + 1) / 32, 16, 128))
    this.#end = follow<StoredService>(store, services, ({ current, previous }) => {
      if (current) for (const { pool, number } of this.#heldBy(current)) pool.use(number)
      if (previous) for (const { pool, number } of this.#heldBy(previous)) pool.release(number)
    })
  }

  close(): void {
    this.#end()
  }

  beginCreate(object: StoredKubeObject): Finish {
    reconcileAllocations(object, undefined)
    return this.#allocate(object as StoredService, undefined)
  }

  beginUpdate(next: StoredKubeObject, old: StoredKubeObject): Finish {
    reconcileAllocations(next, old)
    return this.#allocate(next as StoredService, old as StoredService)
  }

  #allocate(service: StoredService, old: StoredService | undefined): Finish {
    const taken: Taken = []
    const release = (): void => {
      for (const { pool, number } of taken) pool.release(number)
    }
    try {
      settleFamilies(service, old, this.#range.family)
      this.#takeAddress(service, old, taken)
      this.#takePorts(service, old, taken)
    } catch (error) {
      release()
      throw error
    }
    // When it is written, the store has told us: the numbers are counted twice until now.
    return release
  }

  #takeAddress(service: StoredService, old: StoredService | undefined, taken: Taken): void {
    const { spec = {} } = service
    if (!hasClusterIP(service)) return
    const hadOne = old && hasClusterIP(old)
    const wanted = spec.clusterIPs?.[0] ?? spec.clusterIP ?? ''
    if (hadOne && wanted && wanted === old.spec?.clusterIP) return
    // An address is never changed; validation says so.
    if (hadOne && wanted) return
    if (wanted) {
      const index = this.#range.indexOf(wanted)
      const why =
        index === undefined
          ? `the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${this.#range}`
          : this.#addresses.isUsed(index)
            ? 'provided IP is already allocated'
            : undefined
      if (why) {
        const shown = JSON.stringify(spec.clusterIPs ?? [wanted])
        throw invalid(
          service,
          'spec.clusterIPs',
          `Invalid value: ${shown}: failed to allocate IP ${wanted}: ${why}`,
        )
      }
      take(this.#addresses, index!, taken)
      return
    }
    const index = this.#addresses.choose()
    if (index === undefined) {
      throw internal(
        `failed to allocate a serviceIP for Service ${JSON.stringify(service.metadata.name)}: range is full`,
      )
    }
    take(this.#addresses, index, taken)
    spec.clusterIP = this.#range.at(index)
    spec.clusterIPs = [spec.clusterIP]
    service.spec = spec
  }

  #takePorts(service: StoredService, old: StoredService | undefined, taken: Taken): void {
    const { spec = {} } = service
    const before = new Set(old ? nodePortsOf(old) : [])
    const mine = new Set<number>()
    if (hasNodePorts(service)) {
      const automatic = spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false
      for (const [index, port] of (spec.ports ?? []).entries()) {
        if (!port.nodePort && !automatic) continue
        const number = port.nodePort || (old ? undefined : siblingPort(port, spec.ports ?? []))
        if (!number) port.nodePort = this.#anyPort(taken, 'nodePort')
        else {
          port.nodePort = number
          if (!before.has(number) && !mine.has(number)) {
            this.#certainPort(number, taken, (why) =>
              invalid(service, `spec.ports[${index}].nodePort`, `Invalid value: ${number}: ${why}`),
            )
          }
        }
        mine.add(port.nodePort)
      }
    }
    if (!needsHealthCheckPort(service)) return
    const number = spec.healthCheckNodePort
    if (!number) spec.healthCheckNodePort = this.#anyPort(taken, 'HealthCheck NodePort')
    else if (number !== old?.spec?.healthCheckNodePort) {
      this.#certainPort(number, taken, (why) =>
        internal(`failed to allocate requested HealthCheck NodePort ${number}: ${why}`),
      )
    }
  }

  #anyPort(taken: Taken, what: string): number {
    const number = this.#ports.choose()
    if (number === undefined) throw internal(`failed to allocate a ${what}: range is full`)
    take(this.#ports, number, taken)
    return number
  }

  #certainPort(number: number, taken: Taken, refuse: (why: string) => ApiError): void {
    const [first, last] = this.#portRange
    if (number < first || number > last) {
      throw refuse(`provided port is not in the valid range. The range of valid ports is ${first}-${last}`)
    }
    if (this.#ports.isUsed(number)) throw refuse('provided port is already allocated')
    take(this.#ports, number, taken)
  }

  #heldBy(service: StoredService): Taken {
    const held: Taken = nodePortsOf(service).map((number) => ({ pool: this.#ports, number }))
    for (const address of hasClusterIP(service) ? (service.spec?.clusterIPs ?? []) : []) {
      const number = this.#range.indexOf(address)
      if (number !== undefined) held.push({ pool: this.#addresses, number })
    }
    return held
  }
}

function take(pool: NumberPool, number: number, taken: Taken): void {
  pool.use(number)
  taken.push({ pool, number })
}

function hasClusterIP({ spec }: Service): boolean {
  return spec?.type !== 'ExternalName' && spec?.clusterIP !== 'None' && spec?.clusterIPs?.[0] !== 'None'
}

function hasNodePorts({ spec }: Service): boolean {
  return spec?.type === 'NodePort' || spec?.type === 'LoadBalancer'
}

function needsHealthCheckPort({ spec }: Service): boolean {
  return spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}

function nodePortsOf(service: Service): number[] {
  const ports = new Set((service.spec?.ports ?? []).flatMap(({ nodePort }) => nodePort || []))
  if (service.spec?.healthCheckNodePort) ports.add(service.spec.healthCheckNodePort)
  return [...ports]
}

/** Ports of one number and several protocols share their node port. */
function siblingPort({ port }: ServicePort, all: readonly ServicePort[]): number | undefined {
  return all.find((other) => other.port === port && other.nodePort)?.nodePort
}

function clamp(value: number, least: number, most: number): number {
  return Math.floor(Math.min(Math.max(least, value), most))
}

function invalid({ metadata }: StoredService, field: string, message: string): ApiError {
  return ApiError.invalid('', 'Service', metadata.name ?? '', [
    { reason: 'FieldValueInvalid', message, field },
  ])
}

function internal(message: string): ApiError {
  return new ApiError('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })
}
