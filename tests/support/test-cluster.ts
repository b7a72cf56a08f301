import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kubectlBinary } from './kubectl.ts'
import { root } from './root.ts'
import { mustRun, type Ran, type RunOptions, run } from './run.ts'

/** One cell of the driver × runtime × engine table. */
export interface Cell {
  driver: string
  runtime: string
  engine: string
}

/**
 * A cluster as a user has it: everything goes through `./minikube` and plain kubectl, in a home and with a kubeconfig of
 * its own.
 */
export class TestCluster {
  readonly home: string
  readonly kubeconfig: string
  readonly profile: string
  readonly #kubectl: string

  private constructor(home: string, profile: string, kubectl: string) {
    this.home = home
    this.kubeconfig = join(home, 'kubeconfig')
    this.profile = profile
    this.#kubectl = kubectl
  }

  static async make(profile = 'minikube'): Promise<TestCluster> {
    const home = await mkdtemp(join(tmpdir(), 'minikube-test-'))
    return new TestCluster(home, profile, await kubectlBinary())
  }

  /** A second profile in the same home, with the same kubeconfig. */
  sibling(profile: string): TestCluster {
    return new TestCluster(this.home, profile, this.#kubectl)
  }

  get env(): Record<string, string> {
    return {
      MINIKUBE_HOME: this.home,
      KUBECONFIG: this.kubeconfig,
      KUBECACHEDIR: join(this.home, 'kube-cache'),
      KUBE_EDITOR: '',
      PAGER: 'cat',
    }
  }

  tryMinikube(args: string[], options: RunOptions = {}): Promise<Ran> {
    return run([join(root, 'minikube'), '-p', this.profile, ...args], {
      timeout: 300_000,
      ...options,
      env: { ...this.env, ...options.env },
    })
  }

  /** Standard output of a minikube command that must succeed. */
  async minikube(args: string[], options: RunOptions = {}): Promise<string> {
    const ran = await mustRun([join(root, 'minikube'), '-p', this.profile, ...args], {
      timeout: 300_000,
      ...options,
      env: { ...this.env, ...options.env },
    })
    return ran.stdout
  }

  tryKubectl(args: string[], options: RunOptions = {}): Promise<Ran> {
    return run(this.kubectlArgv(args), { ...options, env: { ...this.env, ...options.env } })
  }

  async kubectl(args: string[], options: RunOptions = {}): Promise<string> {
    const ran = await mustRun(this.kubectlArgv(args), { ...options, env: { ...this.env, ...options.env } })
    return ran.stdout
  }

  kubectlArgv(args: string[]): string[] {
    return [this.#kubectl, '--context', this.profile, ...args]
  }

  /** `kubectl get … -o jsonpath`. */
  value(what: string[], jsonpath: string): Promise<string> {
    return this.kubectl(['get', ...what, '-o', `jsonpath=${jsonpath}`])
  }

  /** Applies a manifest given as objects. */
  apply(...objects: object[]): Promise<string> {
    return this.kubectl(['apply', '-f', '-'], {
      stdin: objects.map((object) => JSON.stringify(object)).join('\n'),
    })
  }

  waitFor(what: string, condition: string, seconds = 120): Promise<string> {
    return this.kubectl(['wait', what, `--for=${condition}`, `--timeout=${seconds}s`], {
      timeout: (seconds + 20) * 1000,
    })
  }

  /** Everything that helps to understand a failure, in one text. */
  async diagnosis(): Promise<string> {
    const parts = await Promise.all([
      this.tryMinikube(['status']),
      this.tryKubectl(['get', 'pods,svc,pvc,nodes', '-A', '-o', 'wide']),
      this.tryKubectl(['get', 'events', '-A', '--sort-by=.lastTimestamp']),
      this.tryMinikube(['logs', '-n', '60']),
    ])
    return parts.map((ran) => `${ran.stdout.slice(-6000)}${ran.stderr.slice(-1000)}`).join('\n----\n')
  }

  async writeFile(name: string, content: string): Promise<string> {
    const path = join(this.home, name)
    await writeFile(path, content)
    return path
  }

  async ledger(): Promise<string> {
    return readFile(join(this.home, '.minikube', 'profiles', this.profile, 'ledger.jsonl'), 'utf8')
  }

  async dispose(): Promise<void> {
    await this.tryMinikube(['delete', '--purge'])
    await rm(this.home, { recursive: true, force: true })
  }
}
