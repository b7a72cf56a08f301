import { formatDuration } from '@minikube-ts/kubernetes/api/duration.ts'
import type { Command, CommandEntry } from './command.ts'
import type { Flag, FlagSet } from './flag.ts'
import { globalFlags } from './global-flags.ts'

/** What `minikube --help` shows. */
export function rootHelp(table: readonly CommandEntry[]): string {
  const groups = [...new Set(table.flatMap((entry) => (entry.hidden || !entry.group ? [] : [entry.group])))]
  const width = Math.max(...table.map((entry) => entry.name.length))
  const sections = groups.map((group) => {
    const lines = table
      .filter((entry) => entry.group === group && !entry.hidden)
      .map((entry) => `  ${entry.name.padEnd(width)}   ${entry.summary}`)
    return `${group}:\n${lines.join('\n')}`
  })
  return `minikube runs a local Kubernetes cluster for development.

${sections.join('\n\n')}

Use "minikube <command> --help" for more about a command, "minikube options" for the flags that all commands take.`
}

/** What `minikube COMMAND --help` shows; `path` is the command with its parents. */
export function commandHelp(command: Command, path: readonly string[]): string {
  const name = ['minikube', ...path].join(' ')
  const parts = [command.description ?? `${command.summary}.`]
  if (command.aliases?.length) parts.push(`Aliases:\n  ${[command.name, ...command.aliases].join(', ')}`)
  if (command.examples?.length)
    parts.push(`Examples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`)
  if (command.commands?.length) {
    const width = Math.max(...command.commands.map((entry) => entry.name.length))
    const lines = command.commands.map((entry) => `  ${entry.name.padEnd(width)}   ${entry.summary}`)
    parts.push(`Available Commands:\n${lines.join('\n')}`)
  }
  const flags = flagsHelp(command.flags ?? {})
  if (flags) parts.push(`Options:\n${flags}`)
  const usage = [name]
  if (command.commands?.length) usage.push('SUBCOMMAND')
  if (flags) usage.push('[options]')
  if (command.usage) usage.push(command.usage)
  parts.push(`Usage:\n  ${usage.join(' ')}`)
  parts.push('Use "minikube options" for the flags that all commands take.')
  return parts.join('\n\n')
}

/** The list of flags with defaults, as pflag writes it. */
export function flagsHelp(flags: FlagSet): string {
  return Object.entries(flags)
    .filter(([, flag]) => !flag.hidden)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, flag]) => {
      const head = `${flag.short ? `-${flag.short}, ` : '    '}--${name}=${shownDefault(flag)}:`
      return `    ${head}\n        ${flag.help}${flag.values ? ` (${flag.values.join(', ')})` : ''}`
    })
    .join('\n\n')
}

export function optionsHelp(): string {
  return `These flags can be given to every command:\n\n${flagsHelp(globalFlags)}`
}

function shownDefault(flag: Flag<unknown>): string {
  if (flag.type === 'duration') return formatDuration(flag.default as number)
  if (Array.isArray(flag.default)) return `[${flag.default.join(',')}]`
  return typeof flag.default === 'string' ? `'${flag.default}'` : String(flag.default)
}
