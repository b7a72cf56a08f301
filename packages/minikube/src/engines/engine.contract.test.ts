import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { HomeCredentials } from '../cluster/credentials.ts'
import { Home } from '../home.ts'
import { LocalNode } from '../node/local-node.ts'
import type { Engine, EngineContext } from './engine.ts'

const year = 365 * 24 * 3600_000

/** What every engine keeps to, as far as no cluster has to run for it; the rest is the acceptance scenario's. */
export function engineContract(engine: Engine): void {
  describe(`engine ${engine.name}`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'engine-'))
    after(() => rm(directory, { recursive: true }))

    const context = async (): Promise<EngineContext> => ({
      profile: 'contract',
      nodeName: 'contract',
      nodeIP: '10.244.0.1',
      node: new LocalNode('contract'),
      criSocket: join(directory, 'run/containerd.sock'),
      cni: { binDir: '/usr/lib/cni', confDir: join(directory, 'data/cni') },
      cgroupDriver: 'cgroupfs',
      cgroupRoot: '/minikube/contract/kubepods',
      dataDir: join(directory, 'data'),
      runDir: join(directory, 'run'),
      logDir: join(directory, 'logs'),
      network: {
        apiServerPort: 1,
        kubeletPort: 2,
        serviceCidr: '10.96.0.0/12',
        podCidr: '10.244.0.0/16',
        nodePodCidr: '10.244.0.0/24',
        clusterDomain: 'cluster.local',
        dnsClusterIP: '10.96.0.10',
        bridgeName: 'mk-contract',
        bridgeAddress: '10.244.0.1/24',
        nftTable: 'minikube-contract',
        listenAddresses: [],
      },
      credentials: new HomeCredentials(
        await Home.resolve({ MINIKUBE_HOME: directory }),
        'contract',
        3 * year,
      ),
      apiServerNames: ['extra.test'],
      hosts: {},
      resolvConf: '/etc/resolv.conf',
      mtu: undefined,
      programs: { argv: (program) => ['node', `${program}.js`], env: {} },
      featureGates: {},
      labels: {},
      capacity: {},
      kubernetesVersion: engine.version,
    })

    test('says which Kubernetes it is and what it needs', () => {
      assert.match(engine.version, /^v1\.\d+\.\d+$/)
      const { programs, packages, sysctls } = engine.needs()
      assert.ok(programs.length > 0 && packages.length > 0)
      for (const key of Object.keys(sysctls)) assert.match(key, /^[a-z0-9_]+(\/[a-z0-9_]+)+$/)
    })

    test('preparing twice gives the same services and touches no file again', async () => {
      const first = await engine.prepare(await context())
      assert.ok(first.length > 0)
      const before = await times(directory)
      assert.deepEqual(await engine.prepare(await context()), first)
      assert.deepEqual(await times(directory), before)
    })

    test('keys are for root alone', async () => {
      await engine.prepare(await context())
      const files = await readdir(directory, { recursive: true })
      const keys = files.filter((file) => /\.key$|kubeconfig$/.test(file))
      assert.ok(keys.length > 3)
      for (const key of keys) assert.equal((await stat(join(directory, key))).mode & 0o077, 0, key)
    })

    test('a change reaches the service that it concerns', async () => {
      const before = await engine.prepare(await context())
      const after = await engine.prepare({ ...(await context()), hosts: { 'db.test': '10.9.9.9' } })
      const changed = after.filter(
        (service, index) => JSON.stringify(service) !== JSON.stringify(before[index]),
      )
      assert.ok(changed.length > 0 && changed.length < after.length)
    })

    test('listens on loopback and the bridge only, unless asked', async () => {
      await engine.prepare(await context())
      const texts = await configurations(directory)
      assert.ok(texts.some((text) => text.includes('127.0.0.1') && text.includes('10.244.0.1')))
      for (const text of texts) assert.ok(!text.includes('0.0.0.0"'))
      const { network } = await context()
      await engine.prepare({ ...(await context()), network: { ...network, listenAddresses: ['0.0.0.0'] } })
      assert.ok((await configurations(directory)).some((text) => text.includes('"0.0.0.0"')))
    })

    test('the administrator has a certificate of the CA', async () => {
      const { ca, cert, key } = await engine.admin(await context())
      for (const pem of [ca, cert]) assert.match(pem, /BEGIN CERTIFICATE/)
      assert.match(key, /BEGIN PRIVATE KEY/)
    })

    test('of a cluster that does not run it says so', async () => {
      assert.deepEqual(await engine.health(await context()), { apiserver: 'Stopped', kubelet: 'Stopped' })
    })
  })
}

async function times(directory: string): Promise<[string, number][]> {
  const files = (await readdir(directory, { recursive: true })).sort()
  return Promise.all(
    files.map(async (file) => [file, (await stat(join(directory, file))).mtimeMs] as [string, number]),
  )
}

async function configurations(directory: string): Promise<string[]> {
  const files = (await readdir(join(directory, 'data'), { recursive: true })).filter((file) =>
    file.endsWith('.json'),
  )
  return Promise.all(files.map((file) => readFile(join(directory, 'data', file), 'utf8')))
}
