import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { run } from '../../support/run.ts'
import { pod, webServer } from './manifests.ts'
import type { Stage } from './scenario.ts'

/** Starts kubectl and resolves with the first line that matches; the caller ends the process. */
async function kubectlUntil(stage: Stage, args: string[], pattern: RegExp) {
  const [program, ...rest] = stage.cluster.kubectlArgv(args)
  const child = spawn(program, rest, { env: { ...process.env, ...stage.cluster.env } })
  let seen = ''
  child.stderr.on('data', (chunk) => {
    seen += chunk
  })
  for await (const line of createInterface({ input: child.stdout })) {
    seen += `${line}\n`
    if (pattern.test(line)) return { child, line }
  }
  throw new Error(`kubectl ${args.join(' ')} ended without ${pattern}:\n${seen}`)
}

export function access(stage: Stage): void {
  it('logs, logs -f until the end, logs with tail and timestamps', async () => {
    const { cluster } = stage
    const script = 'for i in 1 2 3; do echo line $i; done; until [ -e /tmp/go ]; do sleep 0.1; done; echo bye'
    await cluster.apply(pod('talking', { command: ['sh', '-c', script], spec: { restartPolicy: 'Never' } }))
    await cluster.waitFor('pod/talking', 'condition=Ready')
    assert.equal(await cluster.kubectl(['logs', 'talking', '--tail=1']), 'line 3\n')
    assert.match(await cluster.kubectl(['logs', 'talking', '--timestamps']), /^\d{4}-\d\d-\d\dT.*Z line 1/)
    const following = cluster.kubectl(['logs', '-f', 'talking'])
    await cluster.kubectl(['exec', 'talking', '--', 'touch', '/tmp/go'])
    assert.equal(await following, 'line 1\nline 2\nline 3\nbye\n')
    await cluster.kubectl(['delete', 'pod', 'talking', '--now'])
  })

  it('exec: output, exit code, stdin of a megabyte, a terminal', async () => {
    const { cluster } = stage
    assert.equal(await cluster.kubectl(['exec', 'first', '--', 'echo', 'inside']), 'inside\n')
    assert.equal((await cluster.tryKubectl(['exec', 'first', '--', 'sh', '-c', 'exit 9'])).code, 9)
    const data = randomBytes(1 << 20).toString('base64')
    const digest = createHash('sha256').update(data).digest('hex')
    assert.match(
      await cluster.kubectl(['exec', '-i', 'first', '--', 'sha256sum'], { stdin: data }),
      new RegExp(digest),
    )
    const terminal = await run(
      ['script', '-qec', cluster.kubectlArgv(['exec', '-it', 'first', '--', 'tty']).join(' '), '/dev/null'],
      { env: cluster.env },
    )
    assert.match(terminal.stdout, /\/dev\/pts\/\d|\/dev\/console/)
  })

  it('attach gets what the container says from then on', async () => {
    const { cluster } = stage
    await cluster.apply(
      pod('attached', {
        command: ['sh', '-c', 'while read line; do echo "heard $line"; done'],
        container: { stdin: true, stdinOnce: true },
        spec: { restartPolicy: 'Never' },
      }),
    )
    await cluster.waitFor('pod/attached', 'condition=Ready')
    assert.match(
      await cluster.kubectl(['attach', '-i', 'attached'], { stdin: 'one\ntwo\n' }),
      /heard one\nheard two\n/,
    )
    await cluster.kubectl(['delete', 'pod', 'attached', '--now'])
  })

  it('cp into a pod and out of it', async () => {
    const { cluster } = stage
    const there = join(cluster.home, 'there.bin')
    const back = join(cluster.home, 'back.bin')
    await writeFile(there, randomBytes(300_000))
    await cluster.kubectl(['cp', there, 'first:/tmp/there.bin'])
    await cluster.kubectl(['cp', 'first:/tmp/there.bin', back])
    assert.deepEqual(await readFile(back), await readFile(there))
  })

  it('port-forward to a pod and to a service', async () => {
    const { cluster } = stage
    await cluster.apply(pod('served', webServer))
    await cluster.waitFor('pod/served', 'condition=Ready')
    await cluster.kubectl(['expose', 'pod', 'served', '--port=80', '--target-port=8080'])
    for (const target of ['pod/served', 'service/served']) {
      const port = target.startsWith('pod') ? '8080' : '80'
      const { child, line } = await kubectlUntil(
        stage,
        ['port-forward', target, `:${port}`],
        /Forwarding from 127/,
      )
      const local = line.match(/127\.0\.0\.1:(\d+)/)?.[1]
      const answers = await Promise.all(
        [1, 2, 3].map(() => fetch(`http://127.0.0.1:${local}/`).then((answer) => answer.text())),
      )
      assert.deepEqual(answers, ['served\n', 'served\n', 'served\n'])
      const gone = once(child, 'exit')
      child.kill()
      await gone
    }
  })

  it('proxy reaches the API and, through it, a service', async () => {
    const { cluster } = stage
    const { child, line } = await kubectlUntil(stage, ['proxy', '--port=0'], /Starting to serve/)
    const local = line.match(/:(\d+)$/)?.[1]
    const pods = (await (await fetch(`http://127.0.0.1:${local}/api/v1/namespaces/default/pods`)).json()) as {
      kind: string
    }
    assert.equal(pods.kind, 'PodList')
    const answer = await fetch(
      `http://127.0.0.1:${local}/api/v1/namespaces/default/services/served:80/proxy/`,
    )
    assert.equal(await answer.text(), 'served\n')
    const gone = once(child, 'exit')
    child.kill()
    await gone
    await cluster.kubectl(['delete', 'pod,service', 'served', '--now'])
  })

  it('debug: an ephemeral container beside the first', async () => {
    const { cluster } = stage
    await cluster.kubectl([
      'debug',
      'first',
      '--image=minikube.test/busybox:1',
      '--image-pull-policy=IfNotPresent',
      '-c',
      'helper',
      '--',
      'sh',
      '-c',
      'echo looking',
    ])
    await cluster.waitFor(
      'pod/first',
      'jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.exitCode}=0',
    )
    assert.equal(await cluster.kubectl(['logs', 'first', '-c', 'helper']), 'looking\n')
  })

  it('top shows nodes and pods', async () => {
    const { cluster } = stage
    assert.match(await cluster.kubectl(['top', 'node']), /\d+m +\d+% +\d+Mi +\d+%/)
    assert.match(await cluster.kubectl(['top', 'pod', 'first']), /first +\d+m +\d+Mi/)
  })
}
