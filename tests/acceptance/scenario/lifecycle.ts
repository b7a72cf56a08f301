import assert from 'node:assert/strict'
import { it } from 'node:test'
import { images } from '../../support/images.ts'
import { killAll, processesOf } from '../../support/processes.ts'
import { rows } from './postgres.ts'
import type { Stage } from './scenario.ts'

async function back(stage: Stage): Promise<void> {
  const { cluster } = stage
  await cluster.kubectl(['rollout', 'status', 'statefulset/db', '--timeout=120s'], { timeout: 140_000 })
  await cluster.kubectl(['rollout', 'status', 'deployment/front', '--timeout=120s'], { timeout: 140_000 })
}

const containerIds = (stage: Stage) =>
  stage.cluster.value(['pods', '-l', 'app=front'], '{.items[*].status.containerStatuses[*].containerID}')

export function lifecycle(stage: Stage): void {
  for (const part of ['node', 'containerd'] as const) {
    it(`kill -9 of ${part}: it is started again, running pods go on as they are`, async () => {
      const { cluster } = stage
      const ids = await containerIds(stage)
      await killAll(await processesOf(cluster, part))
      await cluster.kubectl([
        'run',
        'afterwards',
        `--image=${images.busybox}`,
        '--restart=Never',
        '--',
        'true',
      ])
      await cluster.waitFor('pod/afterwards', 'jsonpath={.status.phase}=Succeeded', 60)
      assert.equal(await containerIds(stage), ids)
      await cluster.kubectl(['delete', 'pod', 'afterwards'])
    })
  }

  it('kill -9 of the control plane: it is back and nothing is lost', async () => {
    const { cluster } = stage
    const ids = await containerIds(stage)
    await cluster.kubectl(['create', 'configmap', 'written', '--from-literal=a=b'])
    await killAll(await processesOf(cluster, 'control-plane'))
    // `start` waits for a running cluster as well: it returns when the API answers again.
    await cluster.minikube(['start'])
    assert.equal(await cluster.value(['configmap', 'written'], '{.data.a}'), 'b')
    assert.equal(await containerIds(stage), ids)
  })

  it('minikube stop, then start: workloads and rows are back', async () => {
    const { cluster } = stage
    const before = await rows(stage)
    await cluster.minikube(['stop'])
    const status = await cluster.tryMinikube(['status', '-o', 'json'])
    assert.equal(status.code, 7)
    assert.equal(JSON.parse(status.stdout).Host, 'Stopped')
    assert.deepEqual(await processesOf(cluster), [])
    await cluster.minikube(['start'])
    await back(stage)
    assert.equal(await rows(stage), before)
  })

  it('kill -9 of every process of ours, then start: workloads and rows are back', async () => {
    const { cluster } = stage
    const before = await rows(stage)
    await killAll(await processesOf(cluster))
    await cluster.minikube(['start'])
    await back(stage)
    assert.equal(await rows(stage), before)
  })

  it('pause and unpause', async () => {
    const { cluster } = stage
    await cluster.minikube(['pause', '-A'])
    assert.match((await cluster.tryMinikube(['status'])).stdout, /Paused/)
    await cluster.minikube(['unpause', '-A'])
    await back(stage)
  })

  it('a second profile runs beside the first', async () => {
    const { cluster, cell } = stage
    const second = cluster.sibling('second')
    await second.minikube(['start', `--driver=${cell.driver}`, `--container-runtime=${cell.runtime}`])
    assert.equal(
      await second.value(['nodes'], '{.items[*].status.conditions[?(@.type=="Ready")].status}'),
      'True',
    )
    assert.equal(
      await cluster.value(['nodes'], '{.items[*].status.conditions[?(@.type=="Ready")].status}'),
      'True',
    )
    await second.minikube(['delete'])
    await back(stage)
    assert.ok((await rows(stage)) > 0)
  })
}
