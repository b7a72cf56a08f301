import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { commandTable } from './command-table.ts'
import { commandHelp } from './help.ts'

const home = mkdtempSync(join(tmpdir(), 'cli-'))
after(() => rmSync(home, { recursive: true }))

interface Result {
  code: number | null
  stdout: string
  stderr: string
}

function minikube(args: string[], env: Record<string, string> = {}): Result {
  const ran = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'entry.ts'), ...args],
    {
      env: {
        PATH: process.env.PATH!,
        HOME: home,
        MINIKUBE_HOME: home,
        KUBECONFIG: join(home, 'kubeconfig'),
        ...env,
      },
      encoding: 'utf8',
    },
  )
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr }
}

/** One sentence with a reason, one with advice, nothing on stdout. */
function refused(
  args: string[],
  code: number,
  reason: string,
  sentence: RegExp,
  env: Record<string, string> = {},
): void {
  const ran = minikube(args, env)
  assert.equal(ran.code, code, ran.stdout + ran.stderr)
  const [error, advice, ...rest] = ran.stderr.trimEnd().split('\n')
  assert.ok(error!.startsWith(`X Exiting due to ${reason}: `), error)
  assert.match(error!, sentence)
  assert.match(advice!, /^\* Suggestion: /)
  assert.deepEqual(
    rest.filter((line) => !line.startsWith('* Documentation')),
    [],
  )
}

test('help of minikube and of every command', async () => {
  const ran = minikube([])
  assert.equal(ran.code, 0)
  for (const entry of commandTable) {
    if (!entry.hidden) assert.match(ran.stdout, new RegExp(`^  ${entry.name} {3,}\\S`, 'm'))
    const command = await entry.load()
    assert.equal(command.name, entry.name)
    assert.match(commandHelp(command, [entry.name]), new RegExp(`Usage:\n  minikube ${entry.name}`))
    for (const inner of command.commands ?? []) assert.equal((await inner.load()).name, inner.name)
  }
  assert.match(minikube(['start', '-h']).stdout, /-d, --driver=''/)
})

test('what is wrong on the command line', () => {
  refused(['strat'], 14, 'MK_USAGE', /unknown command "strat" for "minikube"/)
  assert.match(minikube(['strat']).stderr, /Did you mean 'minikube start'\?/)
  refused(['config', 'sett'], 14, 'MK_USAGE', /unknown command "sett" for "minikube config"/)
  refused(['status', '--oputput=json'], 14, 'MK_USAGE', /unknown flag: --oputput/)
  refused(['ip', 'extra'], 14, 'MK_USAGE', /does not take the argument "extra"/)
  refused(['cp', 'one'], 14, 'MK_USAGE', /needs \[NODE:\]SOURCE/)
  refused(['status', '-p', '../../etc'], 14, 'MK_USAGE', /is not a profile name/)
  refused(['start', '-p', 'stop'], 14, 'MK_USAGE', /is the name of a command/)
  refused(['start', '--cpus=lots'], 14, 'MK_USAGE', /lots/)
  refused(['start', '--nodes=2'], 14, 'MK_USAGE', /several nodes/)
  refused(['start', '--service-cluster-ip-range=10.0.0.0'], 14, 'MK_USAGE', /10\.0\.0\.0/)
})

test('what is not there', () => {
  refused(['status', '-p', 'nowhere'], 85, 'GUEST_PROFILE_NOT_FOUND', /Profile "nowhere" not found/)
  refused(['profile', 'list'], 14, 'MK_USAGE_NO_PROFILE', /No minikube profile/)
  refused(['start', '--driver=docker'], 56, 'DRV_UNSUPPORTED', /"docker" is not there yet/)
  refused(['start', '--driver=parallels'], 56, 'DRV_UNSUPPORTED', /no driver "parallels"/)
  refused(['start', '--container-runtime=cri-o'], 96, 'RUNTIME_UNSUPPORTED', /"cri-o" is not there yet/)
  refused(['start', '--container-runtime=rkt'], 14, 'MK_USAGE', /no container runtime "rkt"/)
  refused(['start', '--bootstrapper=kubeadm'], 16, 'MK_UNIMPLEMENTED', /"kubeadm" is not there yet/)
  refused(['start', '--kubernetes-version=v1.20.0'], 106, 'K8S_OLD_UNSUPPORTED', /v1\.20\.0/)
  refused(['dashboard'], 16, 'MK_UNIMPLEMENTED', /dashboard/)
})

test('files that are broken', () => {
  mkdirSync(join(home, '.minikube/profiles/broken'), { recursive: true })
  writeFileSync(join(home, '.minikube/profiles/broken/config.json'), '{ "Name":')
  refused(['status', '-p', 'broken'], 38, 'HOST_CONFIG_LOAD', /profiles\/broken\/config\.json/)
  refused(['start', '-p', 'broken'], 38, 'HOST_CONFIG_LOAD', /profiles\/broken\/config\.json/)
  writeFileSync(join(home, '.minikube/profiles/broken/config.json'), '{ "Name": "broken", "Driver": 1 }')
  refused(['status', '-p', 'broken'], 38, 'HOST_CONFIG_LOAD', /Driver is not a string/)
  rmSync(join(home, '.minikube/profiles'), { recursive: true })
  const kubeconfig = join(home, 'broken.kubeconfig')
  writeFileSync(kubeconfig, 'clusters: {{{\n')
  refused(['start', '-p', 'fresh'], 38, 'HOST_KUBECONFIG_UPDATE', /broken\.kubeconfig/, {
    KUBECONFIG: kubeconfig,
  })
  assert.equal(readFileSync(kubeconfig, 'utf8'), 'clusters: {{{\n')
})

test('settings are kept, checked, and used as flags', () => {
  assert.equal(minikube(['config', 'set', 'driver', 'docker']).code, 0)
  assert.equal(minikube(['config', 'get', 'driver']).stdout, 'docker\n')
  assert.equal(minikube(['config', 'view']).stdout, '- driver: docker\n')
  refused(['start', '-p', 'fresh'], 56, 'DRV_UNSUPPORTED', /"docker"/)
  refused(['config', 'set', 'memory', 'much'].slice(0, 3), 14, 'MK_USAGE', /needs NAME VALUE/)
  refused(['config', 'set', 'wait-timeout', 'long'], 14, 'MK_USAGE', /duration/)
  refused(['config', 'set', 'colour', 'blue'], 10, 'MK_CONFIG_SET', /"colour" is no setting/)
  assert.equal(minikube(['config', 'unset', 'driver']).code, 0)
  refused(['config', 'get', 'driver'], 14, 'MK_USAGE', /no value for "driver"/)
})

test('JSON output is CloudEvents, errors too', () => {
  const ran = minikube(['start', '-o', 'json', '--driver=docker', '-p', 'fresh'])
  assert.equal(ran.code, 56)
  assert.equal(ran.stderr, '')
  const events = ran.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    events.map(({ type }) => type),
    ['io.k8s.sigs.minikube.step', 'io.k8s.sigs.minikube.error'],
  )
  assert.deepEqual(
    [
      events[0].specversion,
      events[0].source,
      events[0].datacontenttype,
      events[0].data.currentstep,
      events[0].data.totalsteps,
      events[0].data.name,
    ],
    ['1.0', 'https://minikube.sigs.k8s.io/', 'application/json', '0', '19', 'Initial Minikube Setup'],
  )
  assert.deepEqual([events[1].data.name, events[1].data.exitcode], ['DRV_UNSUPPORTED', '56'])
  const wrong = JSON.parse(minikube(['start', '-o', 'json', '--nonsense']).stdout)
  assert.equal(wrong.data.name, 'MK_USAGE')
})

test('called as kubectl it is kubectl, a context is a profile', () => {
  mkdirSync(join(home, 'bin'))
  writeFileSync(join(home, 'bin/kubectl'), '#!/bin/sh\necho "$@"\nexit 3\n', { mode: 0o755 })
  const env = { MINIKUBE_ARGV0: '/usr/local/bin/kubectl', PATH: `${home}/bin:${process.env.PATH}` }
  const ran = minikube(['--context', 'nowhere', 'get', 'pods', '-o', 'wide'], env)
  assert.deepEqual([ran.code, ran.stdout], [3, '--context nowhere get pods -o wide\n'])
  const other = minikube(['get', 'pods'], { ...env, MINIKUBE_PROFILE: 'somewhere' })
  assert.equal(other.code, 85)
  assert.match(other.stderr, /Profile "somewhere" not found/)
})

test('commands are in the audit log, questions are not', () => {
  const rows = readFileSync(join(home, '.minikube/logs/audit.json'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.ok(rows.some(({ type, data }) => type === 'io.k8s.sigs.minikube.audit' && data.command === 'start'))
  assert.ok(!rows.some(({ data }) => data.command === 'status'))
})

test('completion', () => {
  const candidates = (...words: string[]) =>
    minikube(['__complete', '--', ...words])
      .stdout.trimEnd()
      .split('\n')
  assert.deepEqual(candidates('st'), ['start', 'status', 'stop'])
  assert.deepEqual(candidates('image', 'l').sort(), ['load', 'ls'])
  assert.deepEqual(candidates('status', '--output', ''), ['text', 'json'])
  assert.ok(candidates('start', '--dri').includes('--driver'))
  assert.match(minikube(['completion', 'bash']).stdout, /complete .*minikube/)
})
