import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { type Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { codeOf, messageOf } from '../error.ts'
import {
  CommandFailed,
  type Node,
  type NodeFile,
  type NodeProcess,
  type RunOptions,
  type RunResult,
} from './node.ts'

/** How much of a failed command's stderr its error shows. */
const shownStderr = 2000

/** This machine. */
export class LocalNode implements Node {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  async run(argv: string[], options: RunOptions = {}): Promise<RunResult> {
    options.signal?.throwIfAborted()
    const child = spawn(argv[0]!, argv.slice(1), {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout!.on('data', (chunk: Buffer) => {
      if (options.collect !== false) stdout.push(chunk)
    })
    child.stderr!.on('data', (chunk: Buffer) => stderr.push(chunk))
    if (options.stdout) child.stdout!.pipe(options.stdout, { end: false })
    if (options.stderr) child.stderr!.pipe(options.stderr, { end: false })

    let why: string | undefined
    const end = (reason: string): void => {
      why = reason
      child.kill('SIGKILL')
    }
    const timer =
      options.timeout === undefined
        ? undefined
        : setTimeout(end, options.timeout, `no answer within ${options.timeout} ms`)
    const onAbort = (): void => end('interrupted')
    options.signal?.addEventListener('abort', onAbort, { once: true })
    // A command that ends before it has read its input is judged by its exit, not by the broken pipe, which comes first.
    const fed =
      options.stdin === undefined
        ? undefined
        : feed(child, options.stdin).catch((error: unknown) => {
            if (codeOf(error) !== 'EPIPE' && codeOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE')
              why ??= messageOf(error)
          })
    try {
      const exitCode = await exitOf(child, argv)
      const collected = Buffer.concat(stderr)
      await fed
      options.signal?.throwIfAborted()
      const text = collected.toString().trim()
      if (why !== undefined) throw new CommandFailed(argv, exitCode, text, why)
      if (exitCode !== 0 && !options.allowFailure) {
        throw new CommandFailed(argv, exitCode, text, text.slice(-shownStderr) || `exit code ${exitCode}`)
      }
      return { exitCode: exitCode ?? 128, stdout: Buffer.concat(stdout), stderr: collected }
    } finally {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
    }
  }

  async attach(argv: string[], options: { tty: boolean; env?: Record<string, string> }): Promise<number> {
    const child = spawn(argv[0]!, argv.slice(1), {
      stdio: 'inherit',
      env: { ...process.env, ...options.env },
    })
    // The terminal sends its signals to the whole foreground group: the command decides what ^C means.
    const ignore = (): void => {}
    process.on('SIGINT', ignore)
    try {
      return (await exitOf(child, argv)) ?? 128
    } finally {
      process.off('SIGINT', ignore)
    }
  }

  spawn(argv: string[], options: Pick<RunOptions, 'env' | 'cwd' | 'signal'> = {}): NodeProcess {
    const child = spawn(argv[0]!, argv.slice(1), {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: options.signal,
    })
    return {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      exited: exitOf(child, argv).then((code) => code ?? 128),
      kill: () => void child.kill(),
    }
  }

  async writeFile(path: string, content: Buffer | string | Readable, mode = 0o644): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    const temporary = `${path}.${process.pid}.new`
    try {
      if (content instanceof Readable) await pipeline(content, createWriteStream(temporary, { mode }))
      else await writeFile(temporary, content, { mode })
      await chmod(temporary, mode)
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  async writeFiles(files: readonly NodeFile[]): Promise<void> {
    await Promise.all(
      files.map(async ({ path, content, mode = 0o644 }) => {
        const same =
          (await this.readFile(path))?.equals(Buffer.from(content)) &&
          ((await stat(path)).mode & 0o7777) === mode
        if (!same) await this.writeFile(path, content, mode)
      }),
    )
  }

  async readFile(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(path)
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
      throw error
    }
  }

  async mkdir(path: string, mode = 0o755): Promise<void> {
    await mkdir(path, { recursive: true, mode })
  }

  async remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true })
  }

  async unpack(tar: Readable, directory: string): Promise<void> {
    await mkdir(directory, { recursive: true })
    await this.run(['tar', '--extract', '--same-owner', '--preserve-permissions', '--directory', directory], {
      stdin: tar,
    })
  }

  pack(directory: string, paths: string[]): Readable {
    const { stdout, exited, stderr } = this.spawn([
      'tar',
      '--create',
      '--numeric-owner',
      '--directory',
      directory,
      '--',
      ...paths,
    ])
    const complaints: Buffer[] = []
    stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
    exited.then(
      (code) => {
        if (code !== 0) stdout.destroy(new Error(`tar: ${Buffer.concat(complaints).toString().trim()}`))
      },
      (error: Error) => stdout.destroy(error),
    )
    return stdout
  }

  connect(address: string): Promise<Duplex> {
    const [kind, ...rest] = address.split(':')
    const target =
      kind === 'unix'
        ? { path: rest.join(':') }
        : { host: rest.slice(0, -1).join(':'), port: Number(rest.at(-1)) }
    return new Promise((resolve, reject) => {
      const socket = connect(target)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(socket)
      })
    })
  }
}

async function feed(child: ChildProcess, stdin: Readable | Buffer | string): Promise<void> {
  await pipeline(stdin instanceof Readable ? stdin : Readable.from([stdin]), child.stdin!)
}

/** Resolves when the process has ended and its output is read; a signal counts as no exit code. */
function exitOf(child: ChildProcess, argv: string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      const missing = codeOf(error) === 'ENOENT'
      reject(
        codeOf(error) === 'ABORT_ERR'
          ? error
          : new CommandFailed(argv, undefined, '', missing ? 'there is no such program' : error.message),
      )
    })
    child.once('close', (code) => resolve(code ?? undefined))
  })
}
