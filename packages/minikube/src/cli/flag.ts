import { parseDuration } from '@minikube-ts/kubernetes/api/duration.ts'

/** Why a value was refused; the parser adds which flag and where the value came from. */
export class InvalidValue extends Error {}

/** One flag of a command, as data. `T` is what the command gets. */
export interface Flag<T> {
  /** Shown in help: `string`, `int`, `duration` …; empty for booleans. */
  readonly type: string
  readonly default: T
  readonly help: string
  readonly short?: string
  readonly hidden?: boolean
  /** Meaning of the flag without a value (`--watch`); such a flag takes a value only as `--flag=value`. */
  readonly noOptDefault?: string
  /** Values to offer for completion. */
  readonly values?: readonly string[]
  /** `previous` is what this command line already gave, for flags that may be repeated. Throws {@link InvalidValue}. */
  parse(text: string, previous: T | undefined): T
}

export type FlagSet = Readonly<Record<string, Flag<unknown>>>
export type FlagValues<S> = { readonly [K in keyof S]: S[K] extends Flag<infer T> ? T : never }

type Extras = Pick<Flag<unknown>, 'short' | 'hidden' | 'noOptDefault' | 'values'>

const truths: Record<string, boolean> = {
  1: true,
  t: true,
  T: true,
  true: true,
  TRUE: true,
  True: true,
  0: false,
  f: false,
  F: false,
  false: false,
  FALSE: false,
  False: false,
}

export function bool(initial: boolean, help: string, extras: Extras = {}): Flag<boolean> {
  return {
    type: '',
    default: initial,
    help,
    noOptDefault: 'true',
    ...extras,
    parse(text) {
      const value = truths[text]
      if (value === undefined) throw new InvalidValue('it must be true or false')
      return value
    },
  }
}

export function text(initial: string, help: string, extras: Extras = {}): Flag<string> {
  return { type: 'string', default: initial, help, ...extras, parse: (value) => value }
}

/** A string out of a fixed set. */
export function choice<const V extends string>(
  values: readonly V[],
  initial: NoInfer<V>,
  help: string,
  extras: Extras = {},
): Flag<V> {
  return {
    type: 'string',
    default: initial,
    help,
    values,
    ...extras,
    parse(value) {
      const found = values.find((candidate) => candidate === value)
      if (found === undefined) throw new InvalidValue(`it must be one of ${values.join(', ')}`)
      return found
    },
  }
}

export function int(
  initial: number,
  help: string,
  extras: Extras & { min?: number; max?: number } = {},
): Flag<number> {
  const { min, max, ...rest } = extras
  return {
    type: 'int',
    default: initial,
    help,
    ...rest,
    parse(value) {
      if (!/^[+-]?\d+$/.test(value)) throw new InvalidValue('it must be a whole number')
      const number = Number(value)
      if (min !== undefined && number < min) throw new InvalidValue(`it must be at least ${min}`)
      if (max !== undefined && number > max) throw new InvalidValue(`it must be at most ${max}`)
      return number
    },
  }
}

/** A Go duration such as `6m0s`; the value is in milliseconds. */
export function duration(initial: number, help: string, extras: Extras = {}): Flag<number> {
  return {
    type: 'duration',
    default: initial,
    help,
    ...extras,
    parse(value) {
      const parsed = parseDuration(value)
      if (parsed === undefined) throw new InvalidValue('it must be a duration such as 90s or 1h30m')
      return parsed
    },
  }
}

/** Comma separated and repeatable; what the command line gives replaces the default. */
export function list(initial: readonly string[], help: string, extras: Extras = {}): Flag<readonly string[]> {
  return {
    type: 'strings',
    default: initial,
    help,
    ...extras,
    parse: (value, previous) => [...(previous ?? []), ...value.split(',').filter((item) => item !== '')],
  }
}

/** Repeatable; commas have no meaning. */
export function repeated(help: string, extras: Extras = {}): Flag<readonly string[]> {
  return {
    type: 'stringArray',
    default: [],
    help,
    ...extras,
    parse: (value, previous) => [...(previous ?? []), value],
  }
}
