import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { it } from 'node:test'
import type { Stage } from './scenario.ts'

export function start(stage: Stage): void {
  it('minikube start brings a Ready node and tells what to type next', async () => {
    const { cell, cluster } = stage
    const out = await cluster.minikube([
      'start',
      `--driver=${cell.driver}`,
      `--container-runtime=${cell.runtime}`,
      `--bootstrapper=${cell.engine}`,
    ])
    assert.match(out, /kubectl/)
    assert.equal(
      await cluster.value(['nodes'], '{.items[*].status.conditions[?(@.type=="Ready")].status}'),
      'True',
    )
  })

  it('the kubeconfig has the context of the profile and is private', async () => {
    const { cluster } = stage
    assert.equal((await cluster.kubectl(['config', 'current-context'])).trim(), 'minikube')
    assert.equal((await stat(cluster.kubeconfig)).mode & 0o077, 0)
  })

  it('the API server speaks of Kubernetes 1.36 and is healthy', async () => {
    const version = JSON.parse(await stage.cluster.kubectl(['version', '-o', 'json']))
    assert.match(version.serverVersion.gitVersion, /^v1\.36\./)
    assert.equal(await stage.cluster.kubectl(['get', '--raw', '/readyz']), 'ok')
  })

  it('the default service account and the default storage class are there', async () => {
    const { cluster } = stage
    await cluster.kubectl(['get', 'serviceaccount', 'default'])
    const name = await cluster.value(
      ['storageclass'],
      '{.items[?(@.metadata.annotations.storageclass\\.kubernetes\\.io/is-default-class=="true")].metadata.name}',
    )
    assert.equal(name, 'standard')
  })

  it('status answers in text and JSON with exit code 0', async () => {
    const { cluster } = stage
    const text = await cluster.minikube(['status'])
    for (const line of [
      'type: Control Plane',
      'host: Running',
      'kubelet: Running',
      'apiserver: Running',
      'kubeconfig: Configured',
    ]) {
      assert.ok(text.includes(line), `${line} in:\n${text}`)
    }
    const json = JSON.parse(await cluster.minikube(['status', '-o', 'json']))
    assert.deepEqual(
      [json.Name, json.Host, json.Kubelet, json.APIServer, json.Kubeconfig, json.Worker],
      ['minikube', 'Running', 'Running', 'Running', 'Configured', false],
    )
  })

  it('ip, ssh, logs, profile list and kubectl -- answer', async () => {
    const { cluster, cell } = stage
    assert.match(await cluster.minikube(['ip']), /^\d+\.\d+\.\d+\.\d+\n$/)
    assert.equal((await cluster.minikube(['ssh', '--', 'echo', 'from the node'])).trim(), 'from the node')
    assert.equal((await cluster.tryMinikube(['ssh', '--', 'exit 7'])).code, 7)
    assert.match(await cluster.minikube(['logs', '-n', '10']), /containerd|kubelet|control-plane/i)
    const profiles = JSON.parse(await cluster.minikube(['profile', 'list', '-o', 'json']))
    assert.equal(profiles.valid[0].Name, 'minikube')
    assert.equal(profiles.valid[0].Config.Driver, cell.driver)
    assert.match(await cluster.minikube(['kubectl', '--', 'get', 'nodes']), /Ready/)
  })

  it('a second start with the same profile changes nothing', async () => {
    const { cluster } = stage
    const uid = await cluster.value(['namespace', 'kube-system'], '{.metadata.uid}')
    await cluster.minikube(['start'])
    assert.equal(await cluster.value(['namespace', 'kube-system'], '{.metadata.uid}'), uid)
  })

  it('the control plane listens on loopback and on the bridge only', async () => {
    const { listeningAddresses } = await import('../../support/listening.ts')
    const port = Number(
      new URL(
        await stage.cluster.kubectl([
          'config',
          'view',
          '--minify',
          '-o',
          'jsonpath={.clusters[0].cluster.server}',
        ]),
      ).port,
    )
    const addresses = await listeningAddresses(port)
    assert.ok(addresses.includes('127.0.0.1'), addresses.join())
    const allowed = /^(127\.|10\.24\d\.0\.1$|::1$)/
    assert.deepEqual(
      addresses.filter((address) => !allowed.test(address)),
      [],
    )
  })
}
