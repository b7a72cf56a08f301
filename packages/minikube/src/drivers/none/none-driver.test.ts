import assert from 'node:assert/strict'
import { test } from 'node:test'
import { driverContract } from '../driver.contract.test.ts'
import { NoneDriver } from './none-driver.ts'
import { defaultInterface, primaryAddress } from './primary-address.ts'

const root = process.getuid?.() === 0
driverContract(
  new NoneDriver(),
  { profile: 'contract', machine: 'contract', directory: '/nonexistent' },
  root ? undefined : 'needs root',
)

const address = (value: string) => [
  {
    address: value,
    netmask: '',
    family: 'IPv4' as const,
    mac: '',
    internal: value.startsWith('127.'),
    cidr: null,
  },
]
const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n'

test('the interface of the default route with the lowest metric', () => {
  const routes = `${header}wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\neth1\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\neth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`
  assert.equal(defaultInterface(routes), 'eth1')
  assert.equal(defaultInterface(header), undefined)
})

test('without a default route the first way outside, without any loopback', () => {
  const interfaces = {
    lo: address('127.0.0.1'),
    docker0: address('172.17.0.1'),
    'mk-x': address('10.244.0.1'),
    eth0: address('192.168.1.5'),
  }
  assert.equal(primaryAddress(interfaces, header), '192.168.1.5')
  const { eth0: _, ...others } = interfaces
  assert.equal(primaryAddress(others, header), '127.0.0.1')
})
