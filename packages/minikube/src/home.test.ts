import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Home } from './home.ts'

test('MINIKUBE_HOME as minikube reads it', async () => {
  const root = async (env: Record<string, string>) => (await Home.resolve(env)).root
  assert.equal(await root({}), join(homedir(), '.minikube'))
  assert.equal(await root({ MINIKUBE_HOME: '/a' }), '/a/.minikube')
  assert.equal(await root({ MINIKUBE_HOME: '/a/.minikube' }), '/a/.minikube')
})

test('the kubeconfig is the first that KUBECONFIG names', async () => {
  const kubeconfig = async (env: Record<string, string>) => (await Home.resolve(env)).kubeconfig()
  assert.equal(await kubeconfig({}), join(homedir(), '.kube/config'))
  assert.equal(await kubeconfig({ KUBECONFIG: ':/a:/b' }), '/a')
})

test('a file is replaced whole, with its mode', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'home-'))
  try {
    const home = await Home.resolve({ MINIKUBE_HOME: directory })
    const path = home.profile('one', 'secret')
    await home.write(path, 'first', 0o600)
    await chmod(path, 0o644)
    await home.write(path, 'second', 0o600)
    assert.equal(await readFile(path, 'utf8'), 'second')
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal(await home.read(home.path('nothing')), undefined)
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('run by sudo, home and files are those of the caller', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async () => {
  const passwd = await readFile('/etc/passwd', 'utf8')
  const caller = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'nobody')
  if (!caller) return
  const env = { SUDO_UID: caller[2]!, SUDO_GID: caller[3]!, SUDO_USER: 'nobody' }
  const home = await Home.resolve(env)
  assert.equal(home.root, join(caller[5]!, '.minikube'))
  assert.equal(home.kubeconfig(), join(caller[5]!, '.kube/config'))
  const directory = await mkdtemp(join(tmpdir(), 'home-'))
  try {
    const elsewhere = await Home.resolve({ ...env, MINIKUBE_HOME: directory })
    await elsewhere.write(elsewhere.path('a', 'b', 'c'), 'x')
    for (const path of [elsewhere.root, elsewhere.path('a'), elsewhere.path('a', 'b', 'c')]) {
      assert.equal((await stat(path)).uid, Number(caller[2]), path)
    }
    assert.equal((await stat(directory)).uid, 0)
  } finally {
    await rm(directory, { recursive: true })
  }
})
