import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { parse } from 'yaml'
import { MinikubeError } from '../error.ts'
import { Home } from '../home.ts'
import {
  checkKubeconfig,
  type KubeconfigEntry,
  putContext,
  removeContext,
  setCurrentContext,
  viewContext,
} from './kubeconfig.ts'

let directory: string
let path: string
let home: Home
const entry: KubeconfigEntry = {
  name: 'minikube',
  server: 'https://127.0.0.1:8443',
  namespace: 'default',
  certificateAuthority: '/h/ca.crt',
  clientCertificate: '/h/client.crt',
  clientKey: '/h/client.key',
  embedded: false,
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
  path = join(directory, 'config')
  home = await Home.resolve({ MINIKUBE_HOME: directory, KUBECONFIG: `:${path}:/elsewhere` })
})
afterEach(() => rm(directory, { recursive: true }))

const read = async () => parse(await readFile(path, 'utf8'))

test('makes a private file with everything that kubectl needs', async () => {
  await putContext(home, entry, true)
  const config = await read()
  assert.equal(config['current-context'], 'minikube')
  assert.equal(config.clusters[0].cluster.server, entry.server)
  assert.equal(config.users[0].user['client-key'], entry.clientKey)
  assert.equal(config.contexts[0].context.namespace, 'default')
  assert.equal(config.contexts[0].context.extensions[0].extension.provider, 'minikube.sigs.k8s.io')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('embeds certificates when asked to', async () => {
  await putContext(home, { ...entry, embedded: true, clientKey: 'KEY' }, true)
  assert.equal((await read()).users[0].user['client-key-data'], Buffer.from('KEY').toString('base64'))
})

const foreign = `# mine
apiVersion: v1
kind: Config
current-context: work
clusters:
- name: work # the office
  cluster: {server: "https://work:6443"}
contexts:
- {name: work, context: {cluster: work, user: me}}
users:
- name: me
  user: {token: secret}
`

test('leaves entries and comments of others, and the current context when it is to be kept', async () => {
  await writeFile(path, foreign)
  await putContext(home, entry, false)
  const text = await readFile(path, 'utf8')
  assert.match(text, /# mine/)
  assert.match(text, /# the office/)
  const config = parse(text)
  assert.equal(config['current-context'], 'work')
  assert.deepEqual(config.users[0], { name: 'me', user: { token: 'secret' } })
  assert.equal(config.clusters.length, 2)

  await removeContext(home, 'minikube')
  assert.deepEqual(parse(await readFile(path, 'utf8')), parse(foreign))
})

test('an entry that is right already is not written again', async () => {
  await putContext(home, entry, true)
  const before = await stat(path)
  await putContext(home, entry, true)
  assert.equal((await stat(path)).mtimeMs, before.mtimeMs)
  await putContext(home, { ...entry, server: 'https://127.0.0.1:9443' }, true)
  const config = await read()
  assert.equal(config.clusters.length, 1)
  assert.equal(config.clusters[0].cluster.server, 'https://127.0.0.1:9443')
})

test('removing gives up the current context', async () => {
  await putContext(home, entry, true)
  await removeContext(home, 'minikube')
  const config = await read()
  assert.deepEqual(
    [config['current-context'], config.clusters, config.contexts, config.users],
    ['', [], [], []],
  )
  await removeContext(home, 'minikube')
})

test('says which server a context points to', async () => {
  assert.deepEqual(await viewContext(home, 'minikube'), { server: undefined, current: '' })
  await putContext(home, entry, false)
  assert.deepEqual(await viewContext(home, 'minikube'), { server: entry.server, current: '' })
  await setCurrentContext(home, 'minikube')
  assert.equal((await viewContext(home, 'minikube')).current, 'minikube')
})

for (const [what, text] of [
  ['broken YAML', 'clusters: {{{\n'],
  ['a list', '- a\n'],
] as const) {
  test(`${what} is refused and left as it is`, async () => {
    await writeFile(path, text)
    for (const action of [
      () => checkKubeconfig(home),
      () => putContext(home, entry, true),
      () => removeContext(home, 'minikube'),
    ]) {
      await assert.rejects(
        action,
        (error) =>
          error instanceof MinikubeError &&
          error.reason === 'HOST_KUBECONFIG_UPDATE' &&
          error.message.includes(path),
      )
    }
    assert.equal(await readFile(path, 'utf8'), text)
  })
}

test('a link stays a link', async () => {
  const real = join(directory, 'real')
  await writeFile(real, foreign, { mode: 0o640 })
  await symlink(real, path)
  await putContext(home, entry, true)
  assert.equal(parse(await readFile(real, 'utf8')).clusters.length, 2)
  assert.equal((await stat(real)).mode & 0o777, 0o640)
})

test('many writers at once lose nothing, and wait for a lock that kubectl holds', async () => {
  await writeFile(`${path}.lock`, '')
  const names = Array.from({ length: 8 }, (_, index) => `c${index}`)
  const writes = Promise.all(names.map((name) => putContext(home, { ...entry, name }, false)))
  await rm(`${path}.lock`)
  await writes
  assert.deepEqual((await read()).clusters.map(({ name }: { name: string }) => name).sort(), names)
})

test('a lock of a minikube that was killed is taken away', async () => {
  const gone = spawnSync(process.execPath, ['-e', ''])
  await writeFile(`${path}.lock`, JSON.stringify({ pid: gone.pid, startTime: '1' }))
  await putContext(home, entry, true)
  assert.equal((await read())['current-context'], 'minikube')
  await assert.rejects(stat(`${path}.lock`))
})
