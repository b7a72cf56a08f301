import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Secret } from '../../api/types/core-v1.ts'
import { pullCredentials } from './credentials.ts'
import { parseImageName, withDefaultTag } from './image-name.ts'

test('image names get the defaults of the hub', () => {
  for (const [name, repository, tag] of [
    ['nginx', 'docker.io/library/nginx', 'latest'],
    ['team/app:1.2', 'docker.io/team/app', '1.2'],
    ['localhost/x', 'localhost/x', 'latest'],
    ['registry.example.com:5000/a/b:t', 'registry.example.com:5000/a/b', 't'],
  ] as const) {
    assert.deepEqual(parseImageName(name), { repository, tag, digest: '' }, name)
  }
  const digest = `sha256:${'0'.repeat(64)}`
  assert.deepEqual(parseImageName(`a@${digest}`), { repository: 'docker.io/library/a', tag: '', digest })
  for (const name of ['', 'UPPER', 'a b', ':tag', 'a//b', 'a@sha256:0'])
    assert.equal(parseImageName(name), undefined, name)
  assert.deepEqual(['nginx', 'nginx:1', `a@${digest}`].map(withDefaultTag), [
    'nginx:latest',
    'nginx:1',
    `a@${digest}`,
  ])
})

const secret = (auths: Record<string, object>): Secret => ({
  metadata: {},
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
})
const users = (image: string, auths: Record<string, object>) =>
  pullCredentials(image, [secret(auths)]).map(({ username }) => username)

test('credentials fit by registry, path and wildcard; the most specific first', () => {
  const as = (username: string): object => ({ username, password: 'p' })
  const auths = {
    'https://index.docker.io/v1/': as('hub'),
    'example.com': as('whole'),
    'example.com/team': as('team'),
    '*.corp.test': as('star'),
  }
  assert.deepEqual(users('nginx', auths), ['hub'])
  assert.deepEqual(users('example.com/team/app', auths), ['team', 'whole'])
  assert.deepEqual(users('example.com/other/app', auths), ['whole'])
  assert.deepEqual(users('a.corp.test/x', auths), ['star'])
  assert.deepEqual(users('a.b.corp.test/x', auths), [])
})

test('the encoded form is read too, and nonsense passed over', () => {
  const auth = Buffer.from('me:se:cret').toString('base64')
  assert.deepEqual(pullCredentials('nginx', [secret({ 'docker.io': { auth } })])[0]?.password, 'se:cret')
  const broken = {
    metadata: {},
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': 'bm8=' },
  }
  assert.deepEqual(pullCredentials('nginx', [broken]), [])
})
