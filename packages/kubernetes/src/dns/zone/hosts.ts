import {
  type Answer,
  lowerCase,
  type Name,
  nameOf,
  recordType,
  responseCode,
  textOf,
} from '../wire/record.ts'
import { allAddressRecords } from './cluster-zone.ts'

/** Names with fixed addresses, `host.minikube.internal` among them. */
export class Hosts {
  readonly #addresses = new Map<string, string>()
  /** Address → name; the first name of an address counts. */
  readonly byAddress = new Map<string, Name>()

  constructor(hosts: Readonly<Record<string, string>>) {
    for (const [host, address] of Object.entries(hosts)) {
      const name = lowerCase(nameOf(host))
      this.#addresses.set(textOf(name), address)
      if (!this.byAddress.has(address)) this.byAddress.set(address, name)
    }
  }

  answer(name: Name, type: number): Answer | undefined {
    const address = this.#addresses.get(textOf(lowerCase(name)))
    if (address === undefined) return undefined
    const answers = allAddressRecords(name, [address]).filter((record) => recordType[record.type] === type)
    return { code: responseCode.success, authoritative: true, answers }
  }
}
