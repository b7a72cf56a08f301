import { spawn } from 'node:child_process'

/** A program ended with an error; `message` has the end of what it said. */
export class ProgramFailed extends Error {}

const keptOutput = 4_000

/** Runs a program with `input` on its standard input; resolves to its output. @throws ProgramFailed */
export function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  let complaint = ''
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(0, keptOutput)
  })
  child.on('error', (error) => reject(new ProgramFailed(`${program}: ${error.message}`)))
  child.on('close', (code) => {
    if (code === 0) resolve(Buffer.concat(output).toString())
    else reject(new ProgramFailed(`${program} ${args.join(' ')}: ${complaint.trim() || `exit code ${code}`}`))
  })
  // It may end without reading all of it.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return promise
}
