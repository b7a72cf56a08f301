import { parseArgs } from 'node:util'
import { connectCri } from '../connect.ts'
import { CriError } from '../cri-error.ts'
import { type Command, UsageError } from './command.ts'

/** Groups of commands are loaded when one of them is asked for. */
const groups: { names: string[]; load: () => Promise<Record<string, Command>> }[] = [
  { names: ['images', 'pods', 'ps', 'stats'], load: () => import('./commands/list.ts') },
  {
    names: ['imagefsinfo', 'info', 'inspect', 'inspecti', 'inspectp', 'version'],
    load: () => import('./commands/inspect.ts'),
  },
  {
    names: ['create', 'pull', 'rm', 'rmi', 'rmp', 'runp', 'start', 'stop', 'stopp'],
    load: () => import('./commands/lifecycle.ts'),
  },
  { names: ['exec', 'logs'], load: () => import('./commands/process.ts') },
]
const aliases: Record<string, string> = { image: 'images', img: 'images' }

export interface CrictlOptions {
  /** Without the program's name. */
  args: string[]
  write(text: string): void
  writeError(text: string): void
  /** Socket when neither `--runtime-endpoint` nor $CONTAINER_RUNTIME_ENDPOINT names one. */
  defaultSocket: string
  env: Record<string, string | undefined>
  signal: AbortSignal
}

/** crictl: asks a container runtime through CRI. Resolves to the exit code. */
export async function runCrictl(options: CrictlOptions): Promise<number> {
  const { writeError } = options
  try {
    return await run(options)
  } catch (error) {
    if (error instanceof CriError) writeError(`FATA ${error.toGoString()}\n`)
    else if (isUsage(error)) writeError(`${(error as Error).message}\n`)
    else throw error
    return 1
  }
}

function isUsage(error: unknown): boolean {
  return (
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true
  )
}

async function run({ args, write, writeError, defaultSocket, env, signal }: CrictlOptions): Promise<number> {
  const { socket, rest } = globalOptions(args, env.CONTAINER_RUNTIME_ENDPOINT ?? defaultSocket)
  const [given, ...own] = rest
  if (!given || given === 'help' || given === '--help' || given === '-h') {
    write(await help())
    return 0
  }
  const name = aliases[given] ?? given
  const command = (await groups.find(({ names }) => names.includes(name))?.load())?.[name]
  if (!command) throw new UsageError(`No help topic for '${given}'`)
  // What stands behind exec's container is not ours.
  if (own.slice(0, name === 'exec' ? 1 : undefined).some((word) => word === '--help' || word === '-h')) {
    write(commandHelp(name, command))
    return 0
  }
  const { values, positionals } = parse(command, name, own)
  const cri = connectCri(socket)
  try {
    return (await command.run({ cri, args: positionals, options: values, write, writeError, signal })) ?? 0
  } finally {
    cri.close()
  }
}

/** What follows `exec CONTAINER-ID` belongs to the command that is run. */
function parse(command: Command, name: string, own: string[]): ReturnType<typeof parseArgs> {
  const options = command.options ?? {}
  if (name !== 'exec') return parseArgs({ args: own, options, allowPositionals: true })
  const first = own.findIndex(
    (arg, index) => !arg.startsWith('-') && !/^(--timeout)$/.test(own[index - 1] ?? ''),
  )
  const parsed = parseArgs({ args: first < 0 ? own : own.slice(0, first), options, allowPositionals: true })
  return { ...parsed, positionals: first < 0 ? [] : own.slice(first) }
}

function globalOptions(args: string[], fallback: string): { socket: string; rest: string[] } {
  let socket = fallback
  let index = 0
  for (; index < args.length; index++) {
    const [name, value] = args[index]!.split(/=(.*)/s)
    if (name !== '--runtime-endpoint' && name !== '-r' && name !== '--image-endpoint' && name !== '-i') break
    const given = value ?? args[++index]
    if (given === undefined) throw new UsageError(`flag needs an argument: ${name}`)
    if (name === '--runtime-endpoint' || name === '-r') socket = given
  }
  return { socket, rest: args.slice(index) }
}

function commandHelp(name: string, { about, usage, options = {} }: Command): string {
  const lines = Object.entries(options).map(
    ([long, { short, type }]) =>
      `  --${long}${short ? `, -${short}` : ''}${type === 'string' ? ' value' : ''}`,
  )
  return `${[`crictl ${name} - ${about}`, '', `usage: crictl ${name} ${usage}`, '', ...lines].join('\n').trimEnd()}\n`
}

async function help(): Promise<string> {
  const lines = [
    'crictl - client for CRI',
    '',
    'usage: crictl [--runtime-endpoint SOCKET] COMMAND [options] [arguments]',
    '',
  ]
  for (const { names, load } of groups) {
    const commands = await load()
    for (const name of names) lines.push(`  ${name.padEnd(12)} ${commands[name]?.about ?? ''}`)
  }
  return `${lines.join('\n')}\n`
}
