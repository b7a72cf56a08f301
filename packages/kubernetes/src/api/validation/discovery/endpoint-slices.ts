import { parseIp } from '../../ip.ts'
import { deepEqual } from '../../json.ts'
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../../types/discovery-v1.ts'
import { validateEndpointIp } from '../core/endpoint-ip.ts'
import { Field } from '../field.ts'
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import { validateLabels } from '../labels.ts'
import { oneOf, Unique, validateCanonicalIp, validateIp } from '../rules.ts'
import type { Validator } from '../validator.ts'

const mostTopologyLabels = 16
const mostAddresses = 100
const mostPorts = 20_000
const mostEndpoints = 1000
const mostHints = 8

function validateAddress(address: string, type: string, list: Field, index: number): void {
  const at = list.index(index)
  if (type === 'FQDN') {
    validateDomain(address, at)
    return
  }
  const family = type === 'IPv4' ? 4 : type === 'IPv6' ? 6 : undefined
  if (!family) return
  const before = at.causes.length
  if (family === 4) validateIp(address, at)
  else validateCanonicalIp(address, at)
  if (at.causes.length > before) return
  if (parseIp(address)?.family !== family) list.invalid(address, `must be an ${type} address`)
  validateEndpointIp(address, at)
}

function validateDomain(given: string, field: Field): void {
  if (!given) {
    field.required()
    return
  }
  const name = given.endsWith('.') ? given.slice(0, -1) : given
  const problems = isDns1123Subdomain(name)
  const parts = name.split('.')
  if (problems.length > 0) {
    field.invalid(name, problems.join(','))
  } else if (parts.length < 2) {
    field.invalid(name, 'should be a domain with at least two segments separated by dots')
  } else {
    for (const part of parts) {
      const wrong = isDns1123Label(part)
      if (wrong.length > 0) field.invalid(part, wrong.join(','))
    }
  }
}

function validateHints({ forZones = [], forNodes = [] }: EndpointHints, field: Field): void {
  const lists = [
    [forZones, field.at('forZones'), isLabelValue],
    [forNodes, field.at('forNodes'), isDns1123Subdomain],
  ] as const
  for (const [list, at, check] of lists) {
    if (list.length > mostHints) {
      at.tooMany(list.length, mostHints)
      return
    }
    const names = new Unique()
    for (const [index, { name = '' }] of list.entries()) {
      const here = at.index(index).at('name')
      names.add(name, here)
      here.check(name, check(name))
    }
  }
}

function validateEndpoint(endpoint: Endpoint, type: string, field: Field): void {
  const { addresses = [], nodeName, deprecatedTopology = {}, hostname, hints } = endpoint
  const at = field.at('addresses')
  if (addresses.length === 0) at.required('must contain at least 1 address')
  else if (addresses.length > mostAddresses) at.tooMany(addresses.length, mostAddresses)
  for (const [index, address] of addresses.entries()) validateAddress(address, type, at, index)
  if (nodeName !== undefined) field.at('nodeName').check(nodeName, isDns1123Subdomain(nodeName))
  const topology = field.at('deprecatedTopology')
  const labels = Object.keys(deprecatedTopology).length
  if (labels > mostTopologyLabels) topology.tooMany(labels, mostTopologyLabels)
  validateLabels(deprecatedTopology, topology)
  if (hostname !== undefined) field.at('hostname').check(hostname, isDns1123Label(hostname))
  if (hints) validateHints(hints, field.at('hints'))
}

function validateEndpoints(endpoints: Endpoint[], type: string, field: Field): void {
  if (endpoints.length > mostEndpoints) {
    field.tooMany(endpoints.length, mostEndpoints)
    return
  }
  for (const [index, endpoint] of endpoints.entries()) validateEndpoint(endpoint, type, field.index(index))
}

function validatePorts(ports: EndpointPort[], field: Field): void {
  if (ports.length > mostPorts) {
    field.tooMany(ports.length, mostPorts)
    return
  }
  const names = new Unique()
  for (const [index, { name = '', protocol, appProtocol }] of ports.entries()) {
    const at = field.index(index)
    if (name) at.at('name').check(name, isDns1123Label(name))
    names.add(name, at.at('name'))
    oneOf(protocol, ['SCTP', 'TCP', 'UDP'], at.at('protocol'))
    if (appProtocol !== undefined) at.at('appProtocol').check(appProtocol, isQualifiedName(appProtocol))
  }
}

function validateSlice(slice: EndpointSlice, field: Field, old?: EndpointSlice): void {
  const { addressType = '', endpoints = [], ports = [] } = slice
  oneOf(addressType, ['FQDN', 'IPv4', 'IPv6'], field.at('addressType'))
  validatePorts(ports, field.at('ports'))
  const scratch = new Field([])
  validateEndpoints(endpoints, addressType, scratch.at('endpoints'))
  // Endpoints from before the rules may stay as long as nobody touches them.
  if (scratch.causes.length > 0 && !(old && deepEqual(old.endpoints, slice.endpoints)))
    field.causes.push(...scratch.causes)
}

export const endpointSlices: Validator<EndpointSlice> = {
  create: (slice, field) => validateSlice(slice, field),
  update(next, old, _subresource, field) {
    validateSlice(next, field, old)
    validateImmutable(next.addressType, old.addressType, field.at('addressType'))
  },
}
