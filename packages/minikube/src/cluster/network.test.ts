import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cidrsOverlap, hostAddress, parseCidr, subnet } from './cidr.ts'
import { clusterNetwork, slotDefaults } from './network.ts'
import { newProfile } from './start-options.ts'

test('networks in CIDR notation', () => {
  assert.equal(hostAddress('10.96.0.0/12', 1), '10.96.0.1')
  assert.equal(hostAddress('10.96.0.0/12', 10), '10.96.0.10')
  assert.equal(subnet('10.244.0.0/16', 24, 0), '10.244.0.0/24')
  assert.equal(subnet('10.244.0.0/16', 24, 255), '10.244.255.0/24')
  assert.equal(subnet('192.168.7.0/24', 24, 255), '192.168.7.0/24')
  for (const wrong of ['10.0.0.0', '10.0.0.0/33', '10.0.0/8', 'x/8', '10.0.0.0/8/8', 'fd00::/8'])
    assert.equal(parseCidr(wrong), undefined, wrong)
})

test('overlaps are seen both ways', () => {
  assert.ok(cidrsOverlap('10.0.0.0/8', '10.244.0.0/16'))
  assert.ok(cidrsOverlap('10.244.3.0/24', '10.244.0.0/16'))
  assert.ok(!cidrsOverlap('10.96.0.0/12', '10.112.0.0/16'))
  assert.ok(!cidrsOverlap('192.168.0.0/16', '10.0.0.0/8'))
})

test('no slot has anything of another', () => {
  const slots = Array.from({ length: 11 }, (_, slot) => slotDefaults(slot))
  const networks = slots.flatMap(({ serviceCidr, podCidr }) => [serviceCidr, podCidr])
  networks.forEach((network, index) => {
    for (const other of networks.slice(index + 1))
      assert.ok(!cidrsOverlap(network, other), `${network} ${other}`)
  })
  const ports = slots.flatMap(({ apiServerPort, kubeletPort }) => [apiServerPort, kubeletPort])
  assert.equal(new Set(ports).size, ports.length)
})

test('bridge names fit into the kernel and differ', () => {
  const bridge = (name: string): string => {
    const profile = newProfile(name, 'none', { slot: 0, ...slotDefaults(0) }, 'v1.36.0', {})
    return clusterNetwork(profile).bridgeName
  }
  assert.equal(bridge('minikube'), 'mk-minikube')
  const long = ['a-rather-long-profile-one', 'a-rather-long-profile-two'].map(bridge)
  for (const name of long) assert.ok(name.length <= 15)
  assert.notEqual(long[0], long[1])
})
