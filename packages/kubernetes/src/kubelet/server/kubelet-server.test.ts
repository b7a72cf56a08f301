import assert from 'node:assert/strict'
import { type ChildProcess, type ExecFileException, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { whyNoContainerd } from '@minikube-ts/cri/testing/containerd.ts'
import type { TokenRequest } from '../../api/types/authentication-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { TestCertificate } from '../../apiserver/auth/testing/certificates.ts'
import { type Answer, sendHttps } from '../../apiserver/testing/test-control-plane.ts'
import { isConditionTrue } from '../../client/conditions.ts'
import { clusterRoleBindings, clusterRoles, serviceAccounts } from '../../client/resources.ts'
import type { Summary } from '../stats/summary.ts'
import { forever, shell, startTestNode, type TestNode } from '../testing/test-node.ts'

const kubectl = '/usr/bin/kubectl'
const skip = whyNoContainerd() ?? (existsSync(kubectl) ? false : 'needs kubectl')
const isReady = (pod: Pod): boolean => isConditionTrue(pod.status?.conditions, 'Ready')

describe('the server of a kubelet', { skip }, () => {
  let node: TestNode
  const home = mkdtempSync(join(tmpdir(), 'kubelet-server-'))
  const write = 'echo one; echo two >&2; echo three'
  before(async () => {
    node = await startTestNode()
    writeKubeconfig()
    await Promise.all([
      node.create('web', {
        containers: [
          shell(
            'main',
            `mkdir /www; echo hello > /www/index.html; httpd -p 8080 -h /www; ${write}; ${forever}`,
          ),
          shell('terminal', 'exec sh', { tty: true, stdin: true }),
        ],
      }),
      node.create('burn', {
        containers: [
          shell('main', 'trap "exit 0" TERM; while true; do :; done', {
            resources: { limits: { cpu: '100m', memory: '64Mi' } },
          }),
        ],
      }),
    ])
    await Promise.all([node.until('web', isReady), node.until('burn', isReady)])
  })
  after(async () => {
    await node.stop()
    rmSync(home, { recursive: true })
  })

  function writeKubeconfig(): void {
    const { ca, running, user } = node.controlPlane
    const admin = user('admin', 'system:masters')
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    writeFileSync(
      join(home, 'config'),
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'test',
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
        clusters: [
          { name: 'test', cluster: { server: running.url, 'certificate-authority-data': base64(ca.pem) } },
        ],
        users: [
          {
            name: 'test',
            user: {
              'client-certificate-data': base64(admin.pem),
              'client-key-data': base64(admin.keyPem),
            },
          },
        ],
      }),
    )
  }

  const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: join(home, 'config') }
  function run(args: string[], input = ''): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      const child = execFile(
        kubectl,
        args,
        { env, encoding: 'utf8', maxBuffer: 1 << 26, timeout: 60_000 },
        (error: ExecFileException | null, stdout, stderr) =>
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
      )
      child.stdin?.end(input)
    })
  }
  const output = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args)
    assert.equal(code, 0, stderr)
    return stdout
  }
  /** Starts kubectl; resolves with it once it has written what `pattern` looks for. */
  async function start(
    args: string[],
    pattern: RegExp,
    input = '',
  ): Promise<{ child: ChildProcess; text: () => string }> {
    const child = spawn(kubectl, args, { env, stdio: ['pipe', 'pipe', 'ignore'] })
    let text = ''
    child.stdin!.write(input)
    await new Promise<void>((resolve, reject) => {
      child.stdout!.on('data', (chunk: Buffer) => {
        text += chunk
        if (pattern.test(text)) resolve()
      })
      child.once('exit', () => reject(new Error(`kubectl ended: ${text}`)))
    })
    return { child, text: () => text }
  }
  const ask = (path: string, as: TestCertificate | null, headers?: Record<string, string>): Promise<Answer> =>
    sendHttps(node.config.server.port, node.controlPlane.ca, as, 'GET', path, headers)

  test('lets in who the API server lets, by certificate or token', async () => {
    const { user } = node.controlPlane
    assert.equal((await ask('/healthz', user('root', 'system:masters'))).text, 'ok')
    assert.equal((await ask('/healthz', null)).status, 401)
    assert.equal((await ask('/healthz', null, { authorization: 'Bearer nonsense' })).status, 401)
    const refused = await ask('/pods', user('jane'))
    assert.equal(refused.status, 403)
    assert.equal(
      refused.text,
      'Forbidden (user=jane, verb=get, resource=nodes, subresource(s)=[pods proxy])\n',
    )
    await node.client.create(clusterRoles, undefined, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'looks' },
      rules: [{ apiGroups: [''], resources: ['nodes/stats', 'nodes/pods'], verbs: ['get'] }],
    })
    await node.client.create(clusterRoleBindings, undefined, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'looks' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'looks' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'default' }],
    })
    const { status } = await node.client.create<TokenRequest>(
      serviceAccounts,
      'default',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: { audiences: [] } },
      { name: 'default', subresource: 'token' },
    )
    const bearer = { authorization: `Bearer ${status!.token}` }
    const pods = (await ask('/pods', null, bearer)).json.items as Pod[]
    assert.deepEqual(pods.map(({ metadata }) => metadata.name).sort(), ['burn', 'web'])
    assert.ok(pods.every(({ status }) => status?.phase === 'Running'))
    assert.equal((await ask('/containerLogs/default/web/main', null, bearer)).status, 403)
    assert.equal((await ask('/stats%2F../configz', null, bearer)).status, 403)
  })

  test('logs: all, one stream, the last, with times, of who is not there', async () => {
    // What came first on two streams, nobody knows.
    const lines = (await output('logs', 'web', '-c', 'main')).split('\n')
    assert.deepEqual(lines.sort(), ['', 'one', 'three', 'two'])
    assert.match(await output('logs', 'web', '-c', 'main', '--tail=1'), /^(two|three)\n$/)
    assert.match(await output('logs', 'web', '-c', 'main', '--timestamps'), /^(\S+\.\d{9}\S+ \w+\n){3}$/)
    assert.equal(
      await output('get', '--raw', '/api/v1/namespaces/default/pods/web/log?container=main&stream=Stderr'),
      'two\n',
    )
    const refused = await run(['logs', 'web', '-c', 'main', '--previous'])
    assert.match(refused.stderr, /previous terminated container "main" in pod "web" not found/)
    const { user } = node.controlPlane
    const admin = user('root', 'system:masters')
    assert.equal((await ask('/containerLogs/default/web/nobody', admin)).status, 404)
    assert.equal((await ask('/containerLogs/default/nobody/main', admin)).status, 404)
    assert.equal((await ask('/containerLogs/default/web/main?tailLines=-1', admin)).status, 422)
  })

  test('logs -f goes on until the container has ended, through a rotation', async () => {
    const steps =
      'while [ ! -e /go ]; do sleep 0.02; done; echo after; while [ ! -e /end ]; do sleep 0.02; done; echo last'
    await node.create('talks', {
      restartPolicy: 'Never',
      containers: [shell('main', `echo first; ${steps}`)],
    })
    await node.until('talks', isReady)
    const following = await start(['logs', '-f', 'talks'], /first/)
    const [status] = (await node.until('talks', isReady)).status!.containerStatuses!
    const containerId = status!.containerID!.replace('containerd://', '')
    const { cri } = node.kubelet
    const { status: known } = await cri.containerStatus({ containerId })
    renameSync(known!.logPath, `${known!.logPath}.20260102-030405`)
    await cri.reopenContainerLog({ containerId })
    await output('exec', 'talks', '--', 'touch', '/go')
    await output('exec', 'talks', '--', 'touch', '/end')
    const [code] = (await once(following.child, 'exit')) as [number]
    assert.equal(code, 0)
    assert.equal(following.text(), 'first\nafter\nlast\n')
    await output('delete', 'pod', 'talks', '--now')
  })

  test('exec: output, errors, input, the exit code, a terminal, what cannot be run', async () => {
    const exec = ['exec', 'web', '-c', 'main']
    const both = await run([...exec, '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'])
    assert.equal(both.stdout, 'out\n')
    assert.match(both.stderr, /^err\ncommand terminated with exit code 7/)
    assert.equal(both.code, 7)
    assert.equal((await run([...exec, '-i', '--', 'cat'], 'given')).stdout, 'given')
    const inTerminal = `${kubectl} ${exec.join(' ')} -it -- sh -c 'test -t 0 && echo terminal'`
    const terminal = spawn('script', ['-qec', inTerminal, '/dev/null'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let shown = ''
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk
    })
    await once(terminal, 'close')
    assert.match(shown, /terminal\r\n/)
    assert.match((await run([...exec, '--', 'nonesuch'])).stderr, /executable file not found/)
    assert.match(
      (await run(['exec', 'web', '-c', 'nobody', '--', 'true'])).stderr,
      /container nobody is not valid|container not found/,
    )
  })

  test('cp both ways, byte for byte', async () => {
    const [from, back] = [join(home, 'from'), join(home, 'back')]
    const bytes = randomBytes(3 << 20)
    writeFileSync(from, bytes)
    await output('cp', from, 'web:/tmp/copied', '-c', 'main')
    await output('cp', 'web:/tmp/copied', back, '-c', 'main')
    assert.ok(readFileSync(back).equals(bytes))
  })

  test('attach talks with what runs', async () => {
    const { child } = await start(['attach', 'web', '-c', 'terminal', '-i'], /^42\r$/m, 'echo $((40 + 2))\n')
    child.kill()
    await once(child, 'exit')
  })

  test('port-forward carries connections', async () => {
    const { child, text } = await start(['port-forward', 'web', ':8080'], /Forwarding from 127/)
    const port = /127\.0\.0\.1:(\d+)/.exec(text())![1]
    for (let count = 0; count < 3; count++) {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
      assert.equal(await answer.text(), 'hello\n')
    }
    child.kill()
    await once(child, 'exit')
  })

  test('top knows what pods and nodes use', async () => {
    const [, row] = (await output('top', 'pod', 'burn')).split('\n')
    const cpu = Number(/^burn\s+(\d+)m\s+\d+Mi/.exec(row!)?.[1])
    assert.ok(cpu >= 50 && cpu <= 150, row)
    assert.match(await output('top', 'node'), /^n1\s+\d+m\s+\d+%\s+\d+Mi\s+\d+%/m)
    assert.match(await output('top', 'pod', '--containers'), /^web\s+terminal\s+\d+m/m)
  })

  test('the summary tells of disks, networks and volumes as well', async () => {
    const path = '/api/v1/nodes/n1/proxy/stats/summary'
    const { node: whole, pods } = JSON.parse(await output('get', '--raw', path)) as Summary
    assert.equal(whole.nodeName, 'n1')
    assert.ok(whole.fs!.capacityBytes! > whole.fs!.availableBytes!)
    assert.ok(whole.runtime?.imageFs?.usedBytes !== undefined)
    const web = pods.find(({ podRef }) => podRef.name === 'web')!
    assert.equal(web.network?.name, 'eth0')
    assert.ok(web.network.rxBytes > 0)
    assert.deepEqual(web.containers.map(({ name }) => name).sort(), ['main', 'terminal'])
    assert.ok(web.containers.every(({ rootfs, logs }) => rootfs && logs))
    const metrics = await output('get', '--raw', '/api/v1/nodes/n1/proxy/metrics/resource')
    assert.match(
      metrics,
      /^container_cpu_usage_seconds_total\{container="main",namespace="default",pod="burn"\} [\d.]+ \d{13}$/m,
    )
    assert.match(metrics, /^resource_scrape_error 0$/m)
  })
})
