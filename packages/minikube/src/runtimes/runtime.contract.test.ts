import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createLogger } from '@minikube-ts/kubernetes/log.ts'
import { pack } from 'tar-stream'
import { MinikubeError } from '../error.ts'
import { unmountBelow } from '../node/ledger/mounts.ts'
import { LocalNode } from '../node/local-node.ts'
import { Supervisor } from '../node/supervisor/supervisor.ts'
import { silentProgress, type Work } from '../progress.ts'
import type { ContainerRuntime, RuntimeLayout } from './runtime.ts'

const image = 'contract.test/image:1'

/** What every runtime keeps to, tried with the real one under a real supervisor. `skip`: why that cannot be here. */
export function runtimeContract(runtime: ContainerRuntime, skip: string | undefined): void {
  describe(`runtime ${runtime.name}`, { skip: skip ?? false }, () => {
    const node = new LocalNode('contract')
    const directory = mkdtempSync(join(tmpdir(), 'runtime-'))
    const layout: RuntimeLayout = {
      profile: 'contract',
      configDir: join(directory, 'config'),
      dataDir: join(directory, 'data'),
      runDir: join(directory, 'run'),
      cniBinDir: '/usr/lib/cni',
      cniConfDir: join(directory, 'cni'),
      cgroupDriver: 'cgroupfs',
      insecureRegistries: ['registry.test:5000'],
      registryMirrors: ['https://mirror.test'],
    }
    const work: Work = { signal: new AbortController().signal, progress: silentProgress }
    const names = async () => (await runtime.listImages(node, layout)).flatMap(({ tags }) => tags)
    let supervisor: Supervisor

    before(async () => {
      const services = await runtime.configure(node, layout)
      assert.deepEqual(await runtime.configure(node, layout), services, 'configure is idempotent')
      supervisor = new Supervisor(
        {
          profile: 'contract',
          build: 'contract',
          services,
          runDir: join(directory, 'supervisor'),
          logDir: join(directory, 'logs'),
          socket: join(directory, 'supervisor', 'sock'),
          sysctls: {},
          commands: [],
          maxLogBytes: 1e6,
        },
        createLogger(() => {}),
      )
      const up = new Promise<void>((resolve) => {
        supervisor.subscribe(() => {
          if (supervisor.status().every(({ state }) => state === 'ready')) resolve()
        })
      })
      await supervisor.begin()
      await up
      await runtime.provision(node, layout)
    })

    after(async () => {
      await supervisor.stop()
      supervisor.end()
      await unmountBelow(directory)
      await rm(directory, { recursive: true })
    })

    test('says its version', async () => assert.match(await runtime.version(node, layout), /\d+\.\d+/))

    test('names what it needs, and traces that have places of their own', () => {
      assert.ok(runtime.needs().packages.length > 0 && runtime.needs().programs.length > 0)
      for (const trace of runtime.traces(layout)) assert.ok(!JSON.stringify(trace).includes(directory))
    })

    test('providing what it needs again changes nothing', async () => {
      const before = await names()
      assert.ok(before.length > 0)
      await runtime.provision(node, layout)
      assert.deepEqual(await names(), before)
    })

    test('loads an archive, plain and compressed, and lists it', async () => {
      const archive = await imageArchive(image)
      assert.deepEqual(await runtime.loadImage(node, layout, Readable.from([archive]), work), [image])
      assert.deepEqual(await runtime.loadImage(node, layout, Readable.from([gzipSync(archive)]), work), [
        image,
      ])
      const record = (await runtime.listImages(node, layout)).find(({ tags }) => tags.includes(image))!
      assert.match(record.id, /^sha256:[0-9a-f]{64}$/)
      assert.ok(record.size > 0)
    })

    test('tags, saves, removes, and loads what it saved', async () => {
      await runtime.tagImage(node, layout, image, 'contract.test/other:1')
      assert.ok((await names()).includes('contract.test/other:1'))
      const saved = join(directory, 'saved.tar')
      await writeFile(saved, await buffer(runtime.saveImage(node, layout, ['contract.test/other:1'])))
      await runtime.removeImage(node, layout, 'contract.test/other:1')
      assert.ok(!(await names()).includes('contract.test/other:1'))
      assert.ok((await names()).includes(image))
      assert.deepEqual(await runtime.loadImage(node, layout, createReadStream(saved), work), [
        'contract.test/other:1',
      ])
    })

    test('refuses what is no archive, and keeps nothing of it', async () => {
      const before = await names()
      const broken = (await imageArchive('contract.test/broken:1')).subarray(0, 1500)
      for (const archive of [Buffer.from('no tar at all'), broken]) {
        await assert.rejects(runtime.loadImage(node, layout, Readable.from([archive]), work), MinikubeError)
      }
      assert.deepEqual(await names(), before)
    })

    test('saving what is not there is an error of the stream', async () => {
      await assert.rejects(
        buffer(runtime.saveImage(node, layout, ['contract.test/nothing:1'])),
        MinikubeError,
      )
    })

    test('stopping containers without any is no error', async () => {
      await mkdir(layout.cniConfDir, { recursive: true })
      await runtime.stopContainers(node, layout, work)
    })
  })
}

async function imageArchive(name: string): Promise<Buffer> {
  const layer = await tar({ hello: 'hello' })
  const config = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
  })
  return tar({
    'manifest.json': JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]),
    'config.json': config,
    'layer.tar': layer,
  })
}

async function tar(files: Record<string, string | Buffer>): Promise<Buffer> {
  const archive = pack()
  for (const [name, content] of Object.entries(files)) archive.entry({ name, mtime: new Date(0) }, content)
  archive.finalize()
  return buffer(archive)
}
