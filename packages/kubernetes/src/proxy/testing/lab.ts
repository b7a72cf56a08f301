import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** A machine of its own: a network namespace, by name, or the one that we are in. */
interface Machine {
  ask(question: string): Promise<string>
}

/**
 * Machines for tests: network namespaces with pods on a bridge and somebody outside. Made from within a network namespace
 * that is nobody else's, which plays the node.
 */
export class Lab {
  readonly #prefix = `lab${process.pid}-`
  readonly #children: ChildProcess[] = []
  readonly #namespaces: string[] = []

  /** The node: forwarding, and a cable to the outside. */
  async node(address: string, outsideAddress: string): Promise<{ node: Machine; outside: Machine }> {
    execFileSync('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1'])
    const name = this.#namespace('out')
    ip(`link add up0 type veth peer name eth0 netns ${name}`)
    ip(`address add ${address}/24 dev up0`)
    ip('link set up0 up')
    within(name, `address add ${outsideAddress}/24 dev eth0`)
    within(name, 'link set eth0 up')
    within(name, `route add default via ${address}`)
    ip(`route add default via ${outsideAddress}`)
    return { node: this.#machine(undefined), outside: await this.#serving(name, 'outside', 9000) }
  }

  /** A pod on the bridge that answers with its name on port 8080. */
  async pod(name: string, bridge: string, address: string, gateway: string): Promise<Machine> {
    const namespace = this.#namespace(name)
    const cable = `v${this.#namespaces.length}`
    ip(`link add ${cable} type veth peer name eth0 netns ${namespace}`)
    ip(`link set ${cable} master ${bridge} up`)
    // As CNI's bridge plugin does with hairpinMode.
    ip(`link set ${cable} type bridge_slave hairpin on`)
    within(namespace, 'link set lo up')
    within(namespace, `address add ${address}/24 dev eth0`)
    within(namespace, 'link set eth0 up')
    within(namespace, `route add default via ${gateway}`)
    return this.#serving(namespace, name, 8080)
  }

  /** A server in the node's own network. */
  async serve(name: string, port: number): Promise<void> {
    await this.#server(undefined, name, port)
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const name of this.#namespaces) ip(`netns delete ${name}`)
  }

  async #serving(namespace: string, name: string, port: number): Promise<Machine> {
    await this.#server(namespace, name, port)
    return this.#machine(namespace)
  }

  #server(namespace: string | undefined, name: string, port: number): Promise<void> {
    const child = this.#start(namespace, [here('echo-server.ts'), name, `${port}`])
    return new Promise((resolve) => child.stdout?.once('data', () => resolve()))
  }

  #machine(namespace: string | undefined): Machine {
    const child = this.#start(namespace, [here('ask.ts')])
    const answers = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
    return {
      async ask(question) {
        child.stdin?.write(`${question}\n`)
        return (await answers.next()).value ?? 'nothing'
      },
    }
  }

  #start(namespace: string | undefined, args: string[]): ChildProcess {
    const prefix = namespace ? ['ip', 'netns', 'exec', namespace] : []
    const [program = '', ...rest] = [...prefix, process.execPath, ...args]
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#children.push(child)
    return child
  }

  #namespace(name: string): string {
    const full = this.#prefix + name
    ip(`netns add ${full}`)
    this.#namespaces.push(full)
    return full
  }
}

function ip(command: string): void {
  execFileSync('ip', command.split(' '))
}

function within(namespace: string, command: string): void {
  ip(`-n ${namespace} ${command}`)
}
