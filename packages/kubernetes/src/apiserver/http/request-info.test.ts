import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareVersions } from '../../api/compare-versions.ts'
import { negotiate } from './negotiate.ts'
import { parseRequestInfo } from './request-info.ts'

const parse = (method: string, url: string) => {
  const { pathname, searchParams } = new URL(url, 'https://x')
  const { isResource, verb, group, version, namespace, resource, name, subresource } = parseRequestInfo(
    method,
    decodeURIComponent(pathname),
    searchParams,
  )
  return isResource
    ? [verb, group, version, namespace, resource, name, subresource].join('|')
    : `${verb} path`
}

test('what methods and paths mean', () => {
  const expected: Record<string, string> = {
    'GET /api/v1/pods': 'list||v1||pods||',
    'GET /api/v1/pods?watch=true': 'watch||v1||pods||',
    'GET /api/v1/pods?watch=0': 'list||v1||pods||',
    'GET /api/v1/pods?watch': 'watch||v1||pods||',
    'GET /api/v1/watch/namespaces/n/pods': 'watch||v1|n|pods||',
    'GET /api/v1/namespaces/n/pods/p': 'get||v1|n|pods|p|',
    'HEAD /api/v1/namespaces/n/pods/p': 'get||v1|n|pods|p|',
    'GET /api/v1/namespaces/n/pods/p/log': 'get||v1|n|pods|p|log',
    'GET /api/v1/namespaces/n/services/http:s:80/proxy/a/b': 'get||v1|n|services|http:s:80|proxy',
    'GET /api/v1/namespaces/n': 'get||v1|n|namespaces|n|',
    'GET /api/v1/namespaces': 'list||v1||namespaces||',
    'PUT /api/v1/namespaces/n/finalize': 'update||v1|n|namespaces|n|finalize',
    'PATCH /api/v1/namespaces/n/status': 'patch||v1|n|namespaces|n|status',
    'GET /api/v1/namespaces/n/statuses': 'list||v1|n|statuses||',
    'POST /apis/apps/v1/namespaces/n/deployments': 'create|apps|v1|n|deployments||',
    'DELETE /apis/apps/v1/namespaces/n/deployments': 'deletecollection|apps|v1|n|deployments||',
    'DELETE /apis/apps/v1/namespaces/n/deployments/d': 'delete|apps|v1|n|deployments|d|',
    'GET /api/v1/pods?fieldSelector=metadata.name%3Dp': 'list||v1||pods|p|',
    'GET /apis/apps/v1': 'get path',
    'GET /apis': 'get path',
    'GET /api/v1': 'get path',
    'GET /healthz/ping': 'get path',
    'POST /metrics': 'post path',
  }
  for (const [request, meaning] of Object.entries(expected)) {
    const [method = '', url = ''] = request.split(' ')
    assert.equal(parse(method, url), meaning, request)
  }
})

test('the best clause of Accept that can be served', () => {
  const tables = ({ kind }: { kind: string }) => kind === 'Table'
  const of = (accept: string | undefined) => {
    const { encoding, as } = negotiate(accept, tables)
    return as ? `${encoding} ${as.kind}` : encoding
  }
  assert.equal(of(undefined), 'json')
  assert.equal(of('*/*'), 'json')
  assert.equal(of('application/*'), 'json')
  assert.equal(of('text/html, application/yaml'), 'yaml')
  assert.equal(of('application/json;q=0.5, application/vnd.kubernetes.protobuf'), 'protobuf')
  assert.equal(of('application/json;as=Table;v=v1;g=meta.k8s.io,application/json'), 'json Table')
  assert.equal(of('application/json;as=Chart;v=v1;g=meta.k8s.io,application/yaml'), 'yaml')
  assert.equal(of('application/json;stream=watch'), 'json')
  assert.throws(() => of('text/html'), { reason: 'NotAcceptable', code: 406 })
  assert.throws(() => of('application/json;as=Chart'), { reason: 'NotAcceptable' })
})

test('versions in the order in which clients prefer them', () => {
  const versions = [
    'foo10',
    'v1alpha1',
    'v10',
    'v2beta1',
    'v1',
    'v11alpha2',
    'foo1',
    'v2',
    'v1beta2',
    'v1beta1',
  ]
  assert.deepEqual(versions.sort(compareVersions), [
    'v10',
    'v2',
    'v1',
    'v2beta1',
    'v1beta2',
    'v1beta1',
    'v11alpha2',
    'v1alpha1',
    'foo1',
    'foo10',
  ])
})
