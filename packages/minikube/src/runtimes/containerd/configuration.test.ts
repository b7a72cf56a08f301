import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RuntimeLayout } from '../runtime.ts'
import { containerdConfiguration } from './configuration.ts'

const layout: RuntimeLayout = {
  profile: 'p',
  configDir: '/d/c',
  dataDir: '/d/c',
  runDir: '/r/c',
  cniBinDir: '/usr/lib/cni',
  cniConfDir: '/d/cni',
  cgroupDriver: 'systemd',
  insecureRegistries: [],
  registryMirrors: [],
}
const facts = {
  snapshotter: 'native',
  restrictOomScore: true,
  disableAppArmor: false,
  sandboxImage: 'pause:1',
} as const

for (const major of [1, 2]) {
  test(`containerd ${major}: nothing of a containerd of the machine's own is touched`, () => {
    const text = containerdConfiguration(layout, { major, ...facts })
    assert.match(text, new RegExp(`^version = ${major + 1}$`, 'm'))
    for (const path of text.matchAll(/"(\/[^"]*)"/g)) assert.match(path[1]!, /^\/(d|r)\/|^\/usr\/lib\/cni$/)
    assert.match(text, /restrict_oom_score_adj = true/)
    assert.match(text, /snapshotter = "native"/)
    assert.match(text, /SystemdCgroup = true/)
    assert.match(text, /= "pause:1"/)
  })
}
