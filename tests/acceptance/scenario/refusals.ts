import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import type { Stage } from './scenario.ts'

export function refusals(stage: Stage): void {
  /** One clear line, the right exit code, nothing else done. */
  const refused = async (
    args: string[],
    code: number,
    sentence: RegExp,
    env: Record<string, string> = {},
  ) => {
    const ran = await stage.cluster.tryMinikube(args, { env })
    assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stdout}${ran.stderr}`)
    assert.match(ran.stdout + ran.stderr, sentence)
  }

  it('unknown command, unknown flag, wrong value', async () => {
    await refused(['strat'], 14, /unknown command "strat"/)
    await refused(['start', '--drivr=none'], 14, /unknown flag: --drivr/)
    await refused(['start', '--cpus=lots'], 14, /lots/)
    await refused(['start', '--driver=parallels'], 56, /parallels/)
    await refused(['start', '--container-runtime=rkt'], 14, /rkt/)
    await refused(['-p', 'Bad Name!', 'start'], 14, /Bad Name!/)
  })

  it('a profile that is not there', async () => {
    await refused(['status'], 85, /Profile "minikube" not found/)
    await refused(['stop'], 85, /not found/)
    await refused(['profile', 'list'], 14, /No minikube profile/)
  })

  it('a broken profile file', async () => {
    const folder = join(stage.cluster.home, '.minikube/profiles/minikube')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'config.json'), '{ "Name": ')
    await refused(['status'], 38, /config\.json/)
    await refused(['start', `--driver=${stage.cell.driver}`], 38, /config\.json/)
    await rm(folder, { recursive: true })
  })

  it('a kubeconfig that is no kubeconfig is not overwritten', async () => {
    const file = await stage.cluster.writeFile('broken.kubeconfig', 'clusters: {{{\n')
    await refused(['start', `--driver=${stage.cell.driver}`], 38, /broken\.kubeconfig/, { KUBECONFIG: file })
  })

  it('the port of the API server is taken', async () => {
    const server = createServer().listen(8443, '127.0.0.1')
    await once(server, 'listening')
    try {
      await refused(['start', `--driver=${stage.cell.driver}`], 71, /8443/)
    } finally {
      server.close()
    }
    assert.equal((await stage.cluster.tryMinikube(['delete'])).code, 0)
  })

  it('start --dry-run tells the plan and does nothing', async () => {
    const out = await stage.cluster.minikube(['start', '--dry-run', `--driver=${stage.cell.driver}`])
    assert.match(out, /containerd/)
    await refused(['status'], 85, /not found/)
  })
}
