import { basename } from 'node:path'
import { badProfileName } from '../cluster/profile.ts'
import { codeOf, MinikubeError, messageOf } from '../error.ts'
import { Home } from '../home.ts'
import type { Command, CommandEntry } from './command.ts'
import { commandTable } from './command-table.ts'
import { findCommand } from './find-command.ts'
import type { FlagSet } from './flag.ts'
import { type GlobalFlags, globalFlags } from './global-flags.ts'
import { JsonOutput } from './output/json-output.ts'
import type { Output } from './output/output.ts'
import { TextOutput } from './output/text-output.ts'
import { parseFlags } from './parse-flags.ts'
import { readSettings } from './settings.ts'
import { UsageError } from './usage-error.ts'

/** Runs one command line; resolves to the exit code. `name` is what the program was called as. */
export async function main(name: string, argv: readonly string[]): Promise<number> {
  const env = process.env
  const words = basename(name) === 'kubectl' ? asKubectl(argv) : [...argv]
  let output: Output = new TextOutput(process, env)
  const interrupt = new AbortController()
  onInterrupt(interrupt)
  let verbose = false
  let path: string[] = []
  try {
    const home = await Home.resolve(env)
    const found = await findCommand(commandTable, words)
    const { command } = found
    path = found.path
    if (!command) return await rootCommand(output, found.argv)
    const flags: FlagSet = { ...globalFlags, ...command.flags }
    // Errors of the parser, too, are events when events are asked for.
    if (command.events && wantsJson(found.argv)) output = new JsonOutput(process, path.at(-1)!)
    const parsed = parse(command, path, flags, found.argv, env, await readSettings(home))
    const values = parsed.values as { [K in keyof GlobalFlags]: GlobalFlags[K]['default'] }
    verbose = values.v > 0
    if (values.help || !command.run) {
      const { commandHelp } = await import('./help.ts')
      output.print(commandHelp(command, path))
      return 0
    }
    if (command.events) {
      output =
        parsed.values.output === 'json' ? new JsonOutput(process, path.at(-1)!) : new TextOutput(process, env)
    }
    refuseBadProfile(values.profile)
    const { withAudit } = await import('./audit.ts')
    return await withAudit(
      {
        home,
        path,
        argv: found.argv,
        skip: values['skip-audit'],
        profile: values.profile,
        user: values.user,
      },
      async () =>
        (await command.run!({
          flags: parsed.values as never,
          changed: parsed.changed,
          args: parsed.args,
          afterDashes: parsed.afterDashes,
          env,
          home,
          profile: values.profile,
          output,
          work: { signal: interrupt.signal, progress: output },
        })) ?? 0,
    )
  } catch (error) {
    const shown = interrupt.signal.aborted ? interrupted() : asMinikubeError(withHelp(error, path))
    output.error(shown)
    if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`)
    return shown.exitCode
  }
}

/** The name becomes part of paths. */
function refuseBadProfile(name: string): void {
  const bad = badProfileName(name)
  if (bad !== undefined) {
    throw new UsageError(`the profile name cannot be used: ${bad}`, "Choose another one with '-p'.")
  }
}

/** `minikube` without a command: help and nothing else. */
async function rootCommand(output: Output, argv: string[]): Promise<number> {
  const parsed = parseFlags({ ...globalFlags }, argv, { env: {}, config: {} })
  if (parsed.args.length > 0) throw new UsageError(`unknown command "${parsed.args[0]}" for "minikube"`)
  const { rootHelp } = await import('./help.ts')
  output.print(rootHelp(commandTable as readonly CommandEntry[]))
  return 0
}

function parse(
  command: Command,
  path: string[],
  flags: FlagSet,
  argv: string[],
  env: Record<string, string | undefined>,
  config: Record<string, unknown>,
): ReturnType<typeof parseFlags> {
  const parsed = parseFlags(flags, argv, { env, config, stopAtArgument: command.passThrough === true })
  if (parsed.values.help || !command.run) {
    if (!command.run && parsed.args.length > 0) {
      throw new UsageError(`unknown command "${parsed.args[0]}" for "minikube ${path.join(' ')}"`)
    }
    return parsed
  }
  const { min = 0, max = command.passThrough ? Number.POSITIVE_INFINITY : min } = command.args ?? {}
  if (parsed.args.length < min) {
    throw new UsageError(`'minikube ${path.join(' ')}' needs ${command.usage ?? `${min} arguments`}`)
  }
  if (parsed.args.length > max) {
    throw new UsageError(`'minikube ${path.join(' ')}' does not take the argument "${parsed.args[max]}"`)
  }
  return parsed
}

/** Whoever uses a command wrongly is told where its help is. */
function withHelp(error: unknown, path: readonly string[]): unknown {
  if (!(error instanceof MinikubeError) || error.reason !== 'MK_USAGE' || error.advice) return error
  return new UsageError(error.message, `See '${['minikube', ...path].join(' ')} --help' for how to use it.`)
}

/** Called as `kubectl`: the same words after `--`; a context is a profile. */
function asKubectl(argv: readonly string[]): string[] {
  const at = argv.findIndex((word) => word === '--context' || word.startsWith('--context='))
  const context =
    at < 0 ? undefined : argv[at] === '--context' ? argv[at + 1] : argv[at]!.slice('--context='.length)
  return [...(context ? ['--profile', context] : []), 'kubectl', '--', ...argv]
}

function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) =>
      word === '-ojson' ||
      word === '-o=json' ||
      word === '--output=json' ||
      ((word === '-o' || word === '--output') && argv[index + 1] === 'json'),
  )
}

/** The first signal asks the work to end, the second ends it. */
function onInterrupt(controller: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(2)
      controller.abort(interrupted())
    })
  }
  // Whoever read our output has gone; there is nobody left to tell.
  process.stdout.on('error', (error) => process.exit(codeOf(error) === 'EPIPE' ? 0 : 1))
}

function interrupted(): MinikubeError {
  return new MinikubeError('MK_COMMAND_INTERRUPTED', 'it was interrupted', {
    advice: 'Run the same command again to go on from where it stopped.',
  })
}

function asMinikubeError(error: unknown): MinikubeError {
  if (error instanceof MinikubeError) return error
  if (codeOf(error) === 'ENOSPC') {
    return new MinikubeError('RSRC_INSUFFICIENT_STORAGE', messageOf(error), { cause: error })
  }
  return new MinikubeError('INTERNAL_ERROR', messageOf(error), {
    advice:
      "Run it again with '-v 1' to see where this happened, and 'minikube logs' to see what the cluster says.",
    cause: error,
  })
}
