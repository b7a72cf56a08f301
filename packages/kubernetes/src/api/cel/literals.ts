import { goRegExp } from '../validation/structural/go-regexp.ts'
import type { CelIssue } from './cel-error.ts'
import type { Expr } from './expression.ts'
import { parseGoDuration, parseTimestamp } from './library/time.ts'

const checks: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => parseGoDuration(text) !== undefined,
  timestamp: (text) => parseTimestamp(text) !== undefined,
  matches: (text) => goRegExp(text) !== undefined,
}

/** Constants that can never be right where they are. */
export function literalIssues(expr: Expr): CelIssue[] {
  const issues: CelIssue[] = []
  visit(expr, (each) => {
    if (each.kind !== 'call' || !Object.hasOwn(checks, each.name)) return
    const last = each.args.at(-1)
    if (last?.kind !== 'literal' || typeof last.value !== 'string') return
    if (!checks[each.name]?.(last.value))
      issues.push({ at: last.at, message: `invalid ${each.name} argument` })
  })
  return issues
}

function visit(expr: Expr, look: (expr: Expr) => void): void {
  look(expr)
  for (const part of partsOf(expr)) visit(part, look)
}

function partsOf(expr: Expr): Expr[] {
  switch (expr.kind) {
    case 'literal':
    case 'ident':
      return []
    case 'select':
      return [expr.operand]
    case 'call':
      return expr.target ? [expr.target, ...expr.args] : expr.args
    case 'list':
      return expr.elements.map(({ value }) => value)
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value])
    case 'struct':
      return expr.fields.map(({ value }) => value)
    case 'fold':
      return [expr.range, expr.condition, expr.transform].filter((part) => part !== undefined)
    case 'optionalMap':
      return [expr.target, expr.transform]
  }
}
