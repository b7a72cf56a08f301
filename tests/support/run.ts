import { spawn } from 'node:child_process'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  env?: Record<string, string>
  cwd?: string
  stdin?: string | Buffer
  /** Milliseconds; default two minutes. The command is killed then and the run fails. */
  timeout?: number
}

/** Runs a program to its end and never throws for its exit code. */
export function run(argv: string[], options: RunOptions = {}): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>()
  const child = spawn(argv[0], argv.slice(1), {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk) => out.push(chunk))
  child.stderr.on('data', (chunk) => err.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin ?? '')
  const limit = options.timeout ?? 120_000
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    reject(
      new Error(
        `${argv.join(' ')}: still running after ${limit} ms\n${Buffer.concat(out).toString().slice(-2000)}\n${Buffer.concat(err).toString().slice(-2000)}`,
      ),
    )
  }, limit)
  child.on('error', (error) => {
    clearTimeout(timer)
    reject(error)
  })
  // 'exit' and not 'close': a detached grandchild may hold the pipes open. What it wrote before is read on the next turn.
  child.on('exit', (code, signal) => {
    clearTimeout(timer)
    setImmediate(() =>
      resolve({
        code: code ?? (signal ? 128 : 1),
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    )
  })
  return promise
}

/** Like {@link run}, but a non-zero exit is an error that shows both outputs. */
export async function mustRun(argv: string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await run(argv, options)
  if (ran.code !== 0) {
    throw new Error(
      `${argv.join(' ')}: exit ${ran.code}\nstdout: ${ran.stdout.slice(-3000)}\nstderr: ${ran.stderr.slice(-3000)}`,
    )
  }
  return ran
}
