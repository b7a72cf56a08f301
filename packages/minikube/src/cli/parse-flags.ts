import { type Flag, type FlagSet, InvalidValue } from './flag.ts'
import { UsageError } from './usage-error.ts'

export interface ParsedFlags {
  values: Record<string, unknown>
  /** Flags that the command line, the environment or config.json gave. */
  changed: Set<string>
  args: string[]
  /** What followed `--`; undefined when there was none. Also the tail of `args`. */
  afterDashes: string[] | undefined
}

export interface FlagSources {
  env: Record<string, string | undefined>
  /** Values of config/config.json, by flag name. */
  config: Readonly<Record<string, unknown>>
  /** Stop at the first argument that is no flag: what follows belongs to another program. */
  stopAtArgument?: boolean
}

/**
 * Reads flags as pflag does: `--flag=v`, `--flag v`, `-fv`, `-f v`, `-f=v`, clusters of short booleans, flags between
 * arguments, `--` as their end. What the command line leaves open comes from MINIKUBE_<FLAG>, then config.json, then
 * the default. Throws {@link UsageError}.
 */
export function parseFlags(flags: FlagSet, argv: readonly string[], sources: FlagSources): ParsedFlags {
  const given: Record<string, unknown> = {}
  const shorts = new Map(
    Object.entries(flags).flatMap(([name, flag]) => (flag.short ? [[flag.short, name]] : [])),
  )
  const args: string[] = []
  let afterDashes: string[] | undefined
  const queue = [...argv]

  const set = (name: string, shown: string, value: string): void => {
    given[name] = convert(flags[name]!, value, given[name], `for ${shown}`)
  }
  /** The value after a flag that needs one. */
  const next = (shown: string): string => {
    const value = queue.shift()
    if (value === undefined) throw new UsageError(`flag needs an argument: ${shown}`)
    return value
  }

  while (queue.length > 0) {
    const word = queue.shift()!
    if (word === '--') {
      afterDashes = [...queue]
      args.push(...queue)
      break
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=')
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals)
      const flag = Object.hasOwn(flags, name) ? flags[name] : undefined
      if (!flag) throw new UsageError(`unknown flag: --${name}${suggestion(name, flags)}`)
      const value = equals < 0 ? (flag.noOptDefault ?? next(`--${name}`)) : word.slice(equals + 1)
      set(name, `--${name}`, value)
    } else if (word.startsWith('-') && word.length > 1) {
      for (let rest = word.slice(1); rest !== ''; ) {
        const name = shorts.get(rest[0]!)
        const flag = name === undefined ? undefined : flags[name]
        if (name === undefined || !flag)
          throw new UsageError(`unknown shorthand flag: '${rest[0]}' in ${word}`)
        const shown = `-${flag.short}, --${name}`
        if (rest[1] === '=') {
          set(name, shown, rest.slice(2))
          break
        }
        if (flag.noOptDefault !== undefined) {
          set(name, shown, flag.noOptDefault)
          rest = rest.slice(1)
          continue
        }
        set(name, shown, rest.length > 1 ? rest.slice(1) : next(shown))
        break
      }
    } else {
      args.push(word)
      if (sources.stopAtArgument) {
        args.push(...queue)
        break
      }
    }
  }

  const values: Record<string, unknown> = {}
  const changed = new Set(Object.keys(given))
  for (const [name, flag] of Object.entries(flags)) {
    if (name in given) {
      values[name] = given[name]
      continue
    }
    const variable = `MINIKUBE_${name.replaceAll('-', '_').toUpperCase()}`
    const fromEnv = sources.env[variable]
    const fromConfig = sources.config[name]
    if (fromEnv !== undefined && fromEnv !== '') {
      values[name] = convert(flag, fromEnv, undefined, `in the environment variable ${variable}`)
    } else if (fromConfig !== undefined && fromConfig !== null) {
      const where = `of "${name}" in config.json`
      const items = Array.isArray(fromConfig) ? fromConfig : [fromConfig]
      for (const item of items) values[name] = convert(flag, String(item), values[name], where)
    } else {
      values[name] = flag.default
      continue
    }
    changed.add(name)
  }
  return { values, changed, args, afterDashes }
}

function convert(flag: Flag<unknown>, value: string, previous: unknown, where: string): unknown {
  try {
    return flag.parse(value, previous)
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    throw new UsageError(`invalid value "${value}" ${where}: ${error.message}`)
  }
}

function suggestion(name: string, flags: FlagSet): string {
  const near = Object.keys(flags).filter((known) => !flags[known]!.hidden && editDistance(known, name) <= 2)
  return near.length > 0 ? ` (did you mean ${near.map((known) => `--${known}`).join(' or ')}?)` : ''
}

/** Levenshtein distance. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const following = [i]
    for (let j = 1; j <= b.length; j++) {
      following[j] = Math.min(
        row[j]! + 1,
        following[j - 1]! + 1,
        row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      )
    }
    row = following
  }
  return row[b.length]!
}
