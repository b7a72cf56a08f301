import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { CredentialSpec } from '../engines/credentials.ts'
import { MinikubeError } from '../error.ts'
import { Home } from '../home.ts'
import { HomeCredentials } from './credentials.ts'

const year = 365 * 24 * 3600_000
let home: Home
const spec: CredentialSpec = {
  name: 'apiserver',
  commonName: 'minikube',
  organizations: ['system:masters'],
  names: ['localhost', '127.0.0.1', '10.96.0.1', 'fd00::1'],
  usages: ['serverAuth'],
}

beforeEach(async () => {
  home = await Home.resolve({ MINIKUBE_HOME: await mkdtemp(join(tmpdir(), 'credentials-')) })
})
afterEach(() => rm(join(home.root, '..'), { recursive: true }))

const make = (lifetime = 3 * year) => new HomeCredentials(home, 'one', lifetime)

test('a certificate of the CA, with its names, and keys that only the owner reads', async () => {
  const credentials = make()
  const { cert } = await credentials.certificate(spec)
  const ca = new X509Certificate((await credentials.authority('ca')).cert)
  const certificate = new X509Certificate(cert)
  assert.ok(certificate.verify(ca.publicKey))
  assert.ok(ca.ca && certificate.checkIssued(ca))
  for (const name of ['127.0.0.1', '10.96.0.1', 'fd00::1']) assert.ok(certificate.checkIP(name), name)
  assert.ok(certificate.checkHost('localhost', { subject: 'never' }))
  assert.match(certificate.subject, /O=system:masters/)
  const years = (Date.parse(ca.validTo) - Date.now()) / year
  assert.ok(years > 9.9 && years < 10.1)
  for (const path of [home.path('ca.key'), home.profile('one', 'apiserver.key')])
    assert.equal((await stat(path)).mode & 0o077, 0)
})

test('what fits is used again, by another profile the same CA', async () => {
  const first = await make().certificate(spec)
  assert.deepEqual(await make().certificate(spec), first)
  assert.deepEqual(await new HomeCredentials(home, 'two', year).authority('ca'), await make().authority('ca'))
})

test('a new one for a new name, an expiring one, another CA, a broken file', async () => {
  const first = await make().certificate(spec)
  const named = await make().certificate({ ...spec, names: [...spec.names!, 'more.test'] })
  assert.notEqual(named.cert, first.cert)
  assert.equal((await make().certificate(spec)).cert, named.cert)

  await rm(home.path('ca.crt'))
  const other = await make().certificate(spec)
  assert.notEqual(other.cert, named.cert)

  await writeFile(home.profile('one', 'apiserver.crt'), 'broken')
  const repaired = await make().certificate(spec)
  assert.notEqual(repaired.cert, other.cert)
  assert.equal(await readFile(home.profile('one', 'apiserver.crt'), 'utf8'), repaired.cert)

  const short = await make(60_000).certificate({ ...spec, name: 'short' })
  const left = Date.parse(new X509Certificate(short.cert).validTo) - Date.now()
  assert.ok(left > 0 && left <= 60_000)
  assert.equal((await make(60_000).certificate({ ...spec, name: 'short' })).cert, short.cert)
  assert.notEqual((await make(3 * year).certificate({ ...spec, name: 'short' })).cert, short.cert)
})

test('a CA that cannot be used is told, not replaced', async () => {
  await make().authority('ca')
  await writeFile(home.path('ca.crt'), 'broken')
  await assert.rejects(
    make().authority('ca'),
    (error) => error instanceof MinikubeError && error.reason === 'GUEST_CERT',
  )
})
