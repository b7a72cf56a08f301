import { humanDuration } from '../../api/duration.ts'
import { parseTime } from '../../api/time.ts'
import type { TableColumnDefinition, TableRowCondition } from '../../api/types/meta-v1.ts'

export type Cell = string | number | boolean | null

/** What cells are computed with. */
export interface CellContext {
  /** Milliseconds since the epoch. */
  now: number
  /** A time as AGE columns show it; `<unknown>` for none. */
  since(time: string | null | undefined): string
}

/** How one kind looks in `kubectl get`: its columns and what is in them. */
export interface KindTable<T> {
  columns: readonly TableColumnDefinition[]
  cells(object: T, context: CellContext): Cell[]
  /** e.g. that a pod has completed: clients may leave such rows out. */
  conditions?(object: T): TableRowCondition[] | undefined
}

/** By `<group>/<resource>`, the group of the core kinds being empty: `/pods`, `apps/deployments`. */
export type KindTables = Readonly<Record<string, KindTable<never>>>

/**
 * Columns from short texts: `Name` with `:integer` or `:boolean` for the type, a leading `+` for those of `-o wide`. The
 * first one holds the name, unless another is marked with a leading `*`.
 */
export function columns(...texts: readonly string[]): TableColumnDefinition[] {
  const marked = texts.some((text) => /^\+?\*/.test(text))
  return texts.map((text, index) => {
    const [, wide, star, name = '', type] = /^(\+?)(\*?)([^:]*)(?::(.*))?$/.exec(text)!
    return {
      name,
      type: type ?? 'string',
      format: star || (!marked && index === 0) ? 'name' : '',
      description: '',
      priority: wide ? 1 : 0,
    }
  })
}

export function cellContext(now: number): CellContext {
  return {
    now,
    since(time) {
      const ms = parseTime(time)
      return ms === undefined ? '<unknown>' : humanDuration(now - ms)
    },
  }
}
