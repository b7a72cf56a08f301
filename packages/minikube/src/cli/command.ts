import type { Home } from '../home.ts'
import type { Work } from '../progress.ts'
import type { FlagSet, FlagValues } from './flag.ts'
import type { GlobalFlags } from './global-flags.ts'
import type { Output } from './output/output.ts'

/** What a command's `run` gets. */
export interface Invocation<S = FlagSet> {
  flags: FlagValues<S> & FlagValues<GlobalFlags>
  /** Flags that were given (command line, environment, config.json) and so are not just defaults. */
  changed: ReadonlySet<string>
  args: string[]
  /** What followed `--`, also the tail of `args`. */
  afterDashes: string[] | undefined
  env: Record<string, string | undefined>
  home: Home
  /** Name of the profile that is meant: --profile, MINIKUBE_PROFILE, config.json, `minikube`. */
  profile: string
  output: Output
  work: Work
}

/** A command, as data. `run` imports what it needs when it runs, so that nothing else is loaded. */
export interface Command<S extends FlagSet = FlagSet> {
  name: string
  aliases?: readonly string[]
  /** One line for lists. */
  summary: string
  description?: string
  /** Arguments, as shown after the name: `IMAGE [ARCHIVE|-]`. */
  usage?: string
  examples?: readonly string[]
  flags?: S
  /** How many arguments; default none. */
  args?: { min?: number; max?: number }
  /** Everything after the first argument belongs to another program. */
  passThrough?: boolean
  /** This command takes `-o json` and then speaks CloudEvents instead of text. */
  events?: boolean
  commands?: readonly CommandEntry[]
  /** Resolves to the exit code; nothing means 0. */
  run?(invocation: Invocation<S>): Promise<number | undefined>
}

/** A line of a command table: enough for help, while the command itself is loaded when it is wanted. */
export interface CommandEntry {
  name: string
  aliases?: readonly string[]
  summary: string
  group?: string
  hidden?: boolean
  load(): Promise<Command>
}

/** Keeps the types of a command's flags for its `run`. */
export function defineCommand<const S extends FlagSet>(command: Command<S>): Command {
  return command as unknown as Command
}
