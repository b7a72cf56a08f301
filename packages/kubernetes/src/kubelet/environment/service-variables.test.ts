import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Service } from '../../api/types/core-v1.ts'
import { serviceVariables } from './service-variables.ts'

const service = (namespace: string, name: string, clusterIP: string, ports: object[]): Service => ({
  metadata: { namespace, name },
  spec: { clusterIP, ports: ports as never },
})

const all = [
  service('default', 'kubernetes', '10.96.0.1', [{ name: 'https', port: 443, protocol: 'TCP' }]),
  service('shop', 'my-db', '10.96.0.5', [
    { name: 'sql', port: 5432, protocol: 'TCP' },
    { name: 'm-x', port: 9187, protocol: 'UDP' },
  ]),
  service('shop', 'headless', 'None', [{ port: 1 }]),
  service('other', 'far', '10.96.0.9', [{ port: 1 }]),
]

test('services of the namespace and the API server, headless ones and strangers left out', () => {
  const variables = serviceVariables(all, 'shop', true)
  assert.equal(variables.get('KUBERNETES_SERVICE_HOST'), '10.96.0.1')
  assert.deepEqual(
    [...variables].filter(([name]) => name.startsWith('MY_DB')),
    [
      ['MY_DB_SERVICE_HOST', '10.96.0.5'],
      ['MY_DB_SERVICE_PORT', '5432'],
      ['MY_DB_SERVICE_PORT_SQL', '5432'],
      ['MY_DB_SERVICE_PORT_M_X', '9187'],
      ['MY_DB_PORT', 'tcp://10.96.0.5:5432'],
      ['MY_DB_PORT_5432_TCP', 'tcp://10.96.0.5:5432'],
      ['MY_DB_PORT_5432_TCP_PROTO', 'tcp'],
      ['MY_DB_PORT_5432_TCP_PORT', '5432'],
      ['MY_DB_PORT_5432_TCP_ADDR', '10.96.0.5'],
      ['MY_DB_PORT_9187_UDP', 'udp://10.96.0.5:9187'],
      ['MY_DB_PORT_9187_UDP_PROTO', 'udp'],
      ['MY_DB_PORT_9187_UDP_PORT', '9187'],
      ['MY_DB_PORT_9187_UDP_ADDR', '10.96.0.5'],
    ],
  )
  assert.ok(![...variables.keys()].some((name) => /^(HEADLESS|FAR)_/.test(name)))
})

test('a pod that wants no links gets the API server alone', () => {
  const names = [...serviceVariables(all, 'shop', false).keys()]
  assert.ok(names.length > 0 && names.every((name) => name.startsWith('KUBERNETES_')))
})
