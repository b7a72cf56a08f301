import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CriError } from '../cri-error.ts'

export interface CniOptions {
  binDir: string
  /** Its first `*.conflist` (or `*.conf`) in alphabetical order is the network. */
  confDir: string
  /** Where results are kept: a sandbox has its address, and can be taken off the network, after a restart too. */
  stateDir: string
}

/** The pod that is put on the network. */
export interface CniSubject {
  id: string
  /** Path of the network namespace; empty when it has gone already. */
  netns: string
  namespace: string
  name: string
  uid: string
  portMappings: object[]
}

interface Network {
  name: string
  cniVersion: string
  plugins: (Record<string, unknown> & { type: string; capabilities?: Record<string, boolean> })[]
}

interface CniResult {
  ips?: { address: string }[]
}

/** What is kept of a sandbox on the network: the network as it was then, and what came out. */
interface Attachment {
  network: Network
  result: CniResult
}

const device = 'eth0'

/** Puts pods on the network as CNI's specification 0.3 to 1.0 has it: the plugins of the list in turn, backwards at the end. */
export class Cni {
  readonly #options: CniOptions

  constructor(options: CniOptions) {
    this.#options = options
  }

  /** @throws Error when there is no network configuration, or none that can be read */
  async network(): Promise<Network> {
    const { confDir } = this.#options
    const names = await readdir(confDir).catch((): string[] => [])
    const first = names.filter((name) => /\.(conflist|conf|json)$/.test(name)).sort()[0]
    if (!first) throw new Error(`cni plugin not initialized: no network configuration in ${confDir}`)
    const read = JSON.parse(await readFile(join(confDir, first), 'utf8')) as Network & Network['plugins'][0]
    return read.plugins ? read : { name: read.name, cniVersion: read.cniVersion, plugins: [read] }
  }

  /** Resolves to the pod's addresses. What was made of a network that failed is undone. */
  async add(subject: CniSubject): Promise<string[]> {
    const network = await this.network()
    const attachment: Attachment = { network, result: {} }
    // Before the first plugin runs: what a crash leaves can be undone.
    await this.#keep(subject.id, attachment)
    let result: CniResult | undefined
    try {
      // The loopback device comes up with the namespace, as upstream's runtimes have it.
      await this.#run(
        'ADD',
        { type: 'loopback' },
        { ...network, name: 'cni-loopback' },
        subject,
        undefined,
        'lo',
      )
      for (const plugin of network.plugins) result = await this.#run('ADD', plugin, network, subject, result)
    } catch (error) {
      await this.remove(subject).catch(() => {})
      throw error
    }
    attachment.result = result ?? {}
    await this.#keep(subject.id, attachment)
    return addresses(attachment)
  }

  /** Idempotent. */
  async remove(subject: CniSubject): Promise<void> {
    const attachment = await this.#attachment(subject.id)
    if (!attachment) return
    const { network, result } = attachment
    const previous = result.ips ? result : undefined
    for (const plugin of network.plugins.toReversed()) {
      await this.#run('DEL', plugin, network, subject, previous)
    }
    await rm(this.#file(subject.id), { force: true })
  }

  /** Empty for a sandbox that is not on the network. */
  async addresses(id: string): Promise<string[]> {
    const attachment = await this.#attachment(id)
    return attachment ? addresses(attachment) : []
  }

  #file(id: string): string {
    return join(this.#options.stateDir, `${basename(id)}.json`)
  }

  async #attachment(id: string): Promise<Attachment | undefined> {
    try {
      return JSON.parse(await readFile(this.#file(id), 'utf8')) as Attachment
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  async #keep(id: string, attachment: Attachment): Promise<void> {
    await mkdir(this.#options.stateDir, { recursive: true, mode: 0o700 })
    const file = this.#file(id)
    await writeFile(`${file}.new`, JSON.stringify(attachment))
    await rename(`${file}.new`, file)
  }

  async #run(
    command: 'ADD' | 'DEL',
    plugin: Network['plugins'][0],
    network: Network,
    subject: CniSubject,
    previous: CniResult | undefined,
    name = device,
  ): Promise<CniResult> {
    const { binDir } = this.#options
    const { capabilities, ...configuration } = plugin
    const { id, netns, portMappings } = subject
    const args = {
      IgnoreUnknown: '1',
      K8S_POD_NAMESPACE: subject.namespace,
      K8S_POD_NAME: subject.name,
      K8S_POD_INFRA_CONTAINER_ID: id,
      K8S_POD_UID: subject.uid,
    }
    const child = spawn(join(binDir, plugin.type), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        CNI_COMMAND: command,
        CNI_CONTAINERID: id,
        CNI_NETNS: netns,
        CNI_IFNAME: name,
        CNI_PATH: binDir,
        CNI_ARGS: Object.entries(args)
          .map(([key, value]) => `${key}=${value}`)
          .join(';'),
      },
    })
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    child.stdin.on('error', () => {})
    child.stdin.end(
      JSON.stringify({
        ...configuration,
        cniVersion: network.cniVersion,
        name: network.name,
        ...(capabilities?.portMappings && { runtimeConfig: { portMappings } }),
        ...(previous && { prevResult: previous }),
      }),
    )
    const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
    if (code !== 0) {
      const cause = messageIn(output) ?? (errors.trim() || `it ended with ${code}`)
      throw new CriError(
        'Unknown',
        `plugin type="${plugin.type}" failed (${command.toLowerCase()}): ${cause}`,
        'cni',
      )
    }
    return output.trim() === '' ? {} : (JSON.parse(output) as CniResult)
  }
}

function addresses({ result }: Attachment): string[] {
  return (result.ips ?? []).map(({ address }) => address.replace(/\/\d+$/, ''))
}

/** Of the error document that a plugin writes to its output. */
function messageIn(output: string): string | undefined {
  try {
    const { msg, details } = JSON.parse(output) as { msg?: string; details?: string }
    return msg && details ? `${msg}: ${details}` : msg
  } catch {
    return undefined
  }
}
