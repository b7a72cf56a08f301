import type { Readable, Writable } from 'node:stream'

export interface RunOptions {
  stdin?: Readable | Buffer | string
  env?: Record<string, string>
  cwd?: string
  /** Milliseconds; then the command is killed and {@link CommandFailed} says so. */
  timeout?: number
  signal?: AbortSignal
  /** Where output goes while the command runs; it is still collected for the result unless `collect` is false. */
  stdout?: Writable
  stderr?: Writable
  collect?: boolean
  /** Return a non-zero exit instead of throwing. */
  allowFailure?: boolean
}

export interface RunResult {
  exitCode: number
  stdout: Buffer
  stderr: Buffer
}

/** A command ran and exited non-zero, timed out, or could not be started; `message` holds the end of its stderr. */
export class CommandFailed extends Error {
  readonly argv: string[]
  readonly exitCode: number | undefined
  readonly stderr: string

  constructor(argv: string[], exitCode: number | undefined, stderr: string, why: string) {
    super(`${argv.join(' ')}: ${why}`)
    this.name = 'CommandFailed'
    this.argv = argv
    this.exitCode = exitCode
    this.stderr = stderr
  }
}

/**
 * A running Linux machine, container or this host, as root. What is done on a node is done through this; over local exec,
 * container exec or SSH. Knows no runtime and no Kubernetes.
 */
export interface Node {
  /** The machine's name: `minikube`, `minikube-m02` … */
  readonly name: string
  run(argv: string[], options?: RunOptions): Promise<RunResult>
  /** Runs on the caller's terminal (stdio inherited, a TTY on the node when `tty`); resolves to the remote exit code. */
  attach(argv: string[], options: { tty: boolean; env?: Record<string, string> }): Promise<number>
  /** Starts a command whose stdio are streams, for pipes and tunnels. */
  spawn(argv: string[], options?: Pick<RunOptions, 'env' | 'cwd' | 'signal'>): NodeProcess
  /** Modes are kept; parents are made; replaced atomically. */
  writeFile(path: string, content: Buffer | string | Readable, mode?: number): Promise<void>
  /** Several files at once; one transfer where the node is far. Files that are the same already are left alone. */
  writeFiles(files: readonly NodeFile[]): Promise<void>
  /** Undefined when there is no such file. */
  readFile(path: string): Promise<Buffer | undefined>
  /** Makes a directory and its parents. */
  mkdir(path: string, mode?: number): Promise<void>
  /** Removes a file or a tree; succeeds when there is none. */
  remove(path: string): Promise<void>
  /** Unpacks a tar stream below `directory` (modes, owners, links kept). */
  unpack(tar: Readable, directory: string): Promise<void>
  /** A tar stream of `paths` relative to `directory`. */
  pack(directory: string, paths: string[]): Readable
  /**
   * A connection to a socket on the node: `unix:/path` or `tcp:host:port`. What the CLI speaks to the runtime and the
   * supervisor through.
   */
  connect(address: string): Promise<import('node:stream').Duplex>
}

export interface NodeFile {
  /** Absolute. */
  path: string
  content: Buffer | string
  /** Default 0o644. */
  mode?: number
}

export interface NodeProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exited: Promise<number>
  kill(): void
}
