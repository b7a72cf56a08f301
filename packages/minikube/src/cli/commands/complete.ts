import { profileNames } from '../../cluster/profile-store.ts'
import { type Command, type CommandEntry, defineCommand } from '../command.ts'
import { commandTable } from '../command-table.ts'
import type { Flag } from '../flag.ts'
import { globalFlags } from '../global-flags.ts'

/** What the shell's completion scripts ask: the words so far, the last of them being typed. */
export const complete = defineCommand({
  name: '__complete',
  summary: 'Candidates for a command line that is being typed',
  args: { max: Number.POSITIVE_INFINITY },
  async run({ args, home, output }) {
    const typed = args.at(-1) ?? ''
    const before = args.slice(0, -1)
    const { command, entries } = await walk(before)
    const flags: Record<string, Flag<unknown>> = { ...globalFlags, ...command?.flags }
    const previous = before.at(-1)?.replace(/^--?/, '') ?? ''
    const asked = Object.entries(flags).find(
      ([name, { short }]) => before.at(-1)?.startsWith('-') && (name === previous || short === previous),
    )
    let candidates: readonly string[]
    if (asked && asked[1].noOptDefault === undefined) {
      candidates = asked[0] === 'profile' ? await profileNames(home) : (asked[1].values ?? [])
    } else if (typed.startsWith('-')) {
      candidates = Object.entries(flags).flatMap(([name, { hidden }]) => (hidden ? [] : [`--${name}`]))
    } else {
      candidates = entries.flatMap(({ name, hidden }) => (hidden ? [] : [name]))
    }
    for (const candidate of candidates) if (candidate.startsWith(typed)) output.print(candidate)
    return 0
  },
})

async function walk(
  words: readonly string[],
): Promise<{ command: Command | undefined; entries: readonly CommandEntry[] }> {
  let command: Command | undefined
  let entries: readonly CommandEntry[] = commandTable
  for (const word of words) {
    const entry = entries.find(({ name, aliases }) => name === word || aliases?.includes(word))
    if (!entry) continue
    command = await entry.load()
    entries = command.commands ?? []
  }
  return { command, entries }
}
