import type { Command, CommandEntry } from './command.ts'
import type { Flag } from './flag.ts'
import { globalFlags } from './global-flags.ts'
import { editDistance } from './parse-flags.ts'
import { UsageError } from './usage-error.ts'

export interface FoundCommand {
  /** Undefined: `minikube` itself. */
  command: Command | undefined
  /** Names that led there. */
  path: string[]
  /** The rest of the command line, flags in front of the command included. */
  argv: string[]
}

/** Walks the table along the first arguments that are no flags; loads the commands on the way. */
export async function findCommand(
  table: readonly CommandEntry[],
  argv: readonly string[],
): Promise<FoundCommand> {
  const rest = [...argv]
  const path: string[] = []
  let command: Command | undefined
  let entries: readonly CommandEntry[] | undefined = table
  while (entries?.length) {
    const at = firstArgument(rest)
    if (at < 0) break
    const word = rest[at]!
    const entry: CommandEntry | undefined = entries.find(
      (candidate) => candidate.name === word || candidate.aliases?.includes(word),
    )
    if (!entry) {
      if (command?.run) break
      const near = entries.filter((candidate) => !candidate.hidden && editDistance(candidate.name, word) <= 2)
      const name = ['minikube', ...path].join(' ')
      throw new UsageError(
        `unknown command "${word}" for "${name}"`,
        near.length > 0
          ? `Did you mean ${near.map((candidate) => `'${name} ${candidate.name}'`).join(' or ')}?`
          : `Run '${name} --help' to see what there is.`,
      )
    }
    rest.splice(at, 1)
    command = await entry.load()
    path.push(entry.name)
    entries = command.commands
  }
  return { command, path, argv: rest }
}

/** Index of the first word that is neither a flag nor the value of a global flag; -1 when there is none before `--`. */
function firstArgument(argv: readonly string[]): number {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!
    if (word === '--') return -1
    if (!word.startsWith('-') || word === '-') return index
    if (word.includes('=')) continue
    const flag = Object.entries<Flag<unknown>>(globalFlags).find(
      ([name, { short }]) => word === `--${name}` || word === `-${short}`,
    )
    if (flag && flag[1].noOptDefault === undefined) index++
  }
  return -1
}
