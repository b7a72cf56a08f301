import type { Call, Expr, FoldKind } from './expression.ts'

export class MacroError extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** Folds by name and number of arguments: how many of these are variables, and whether the last one transforms. */
const folds: Readonly<Record<string, Readonly<Record<number, [variables: 1 | 2, transform: boolean]>>>> = {
  all: { 2: [1, false], 3: [2, false] },
  exists: { 2: [1, false], 3: [2, false] },
  exists_one: { 2: [1, false], 3: [2, false] },
  existsOne: { 2: [1, false], 3: [2, false] },
  filter: { 2: [1, false] },
  map: { 2: [1, true], 3: [1, true] },
  sortBy: { 2: [1, true] },
  transformList: { 3: [2, true], 4: [2, true] },
  transformMap: { 3: [2, true], 4: [2, true] },
  transformMapEntry: { 3: [2, true], 4: [2, true] },
}

/** What a call stands for if it is a macro; otherwise the call itself. @throws MacroError */
export function expandMacro(call: Call): Expr {
  const { name, target, args, at } = call
  if (!target) return name === 'has' && args.length === 1 ? has(args[0] as Expr, at) : call
  if (name === 'optMap' || name === 'optFlatMap') {
    const [variable, transform] = args
    if (!variable || !transform || args.length !== 2) return call
    return {
      kind: 'optionalMap',
      target,
      variable: nameOf(variable, `${name}() variable name must be a simple identifier`),
      transform,
      flat: name === 'optFlatMap',
      at,
    }
  }
  const shape = Object.hasOwn(folds, name) ? folds[name]?.[args.length] : undefined
  if (!shape) return call
  const [count, transforms] = shape
  const variables = args.slice(0, count).map((arg) => nameOf(arg, 'argument must be a simple name')) as [
    string,
    string,
  ]
  if (variables.length === 2 && variables[0] === variables[1])
    throw new MacroError((args[1] as Expr).at, `duplicate variable name: ${variables[1]}`)
  const rest = args.slice(count)
  const transform = transforms ? rest.pop() : undefined
  return {
    kind: 'fold',
    fold: (name === 'existsOne' ? 'exists_one' : name) as FoldKind,
    range: target,
    variables,
    ...(rest[0] && { condition: rest[0] }),
    ...(transform && { transform }),
    at,
  }
}

function has(operand: Expr, at: number): Expr {
  if (operand.kind !== 'select') throw new MacroError(operand.at, 'invalid argument to has() macro')
  return { ...operand, test: true, at }
}

function nameOf(expr: Expr, problem: string): string {
  if (expr.kind !== 'ident') throw new MacroError(expr.at, problem)
  return expr.name
}
