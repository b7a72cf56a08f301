import type { ParseArgsOptionsConfig } from 'node:util'
import type { CriClient } from '../cri-client.ts'

/** What a command runs with. */
export interface CommandContext {
  cri: CriClient
  /** Without options. */
  args: string[]
  options: Record<string, string | boolean | (string | boolean)[] | undefined>
  write(text: string): void
  writeError(text: string): void
  signal: AbortSignal
}

export interface Command {
  /** e.g. `[options] CONTAINER-ID`. */
  usage: string
  about: string
  options?: ParseArgsOptionsConfig
  /** Resolves with the exit code when it is not 0. @throws UsageError, CriError */
  run(context: CommandContext): Promise<number | undefined>
}

/** The command line is wrong: usage is shown, exit code 1. */
export class UsageError extends Error {}

/** The only argument. @throws UsageError */
export function oneArgument({ args }: CommandContext, what: string): string {
  const [first] = args
  if (!first || args.length > 1) throw new UsageError(`${what} expected`)
  return first
}

/** The value of a string option. */
export function text(context: CommandContext, option: string): string | undefined {
  const value = context.options[option]
  return typeof value === 'string' ? value : undefined
}

/** `KEY=VALUE` options as a selector. @throws UsageError */
export function labels(context: CommandContext, option = 'label'): Record<string, string> {
  const given = context.options[option]
  const selector: Record<string, string> = {}
  for (const one of Array.isArray(given) ? given : []) {
    const [key, value] = String(one).split(/=(.*)/s)
    if (!key || value === undefined) throw new UsageError(`incorrectly specified label: ${one}`)
    selector[key] = value
  }
  return selector
}
