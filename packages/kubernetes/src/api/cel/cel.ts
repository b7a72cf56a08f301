import { CelCompileError, CelError, type CelIssue } from './cel-error.ts'
import { bool, type CelType, dyn, int, listOf, mapOf, type ObjectType, string } from './cel-type.ts'
import { Checker } from './checker.ts'
import type { Expr } from './expression.ts'
import { authorization, jsonPatch } from './library/authorization.ts'
import { format } from './library/format.ts'
import { kubernetesLists, lists, sets } from './library/lists.ts'
import { network } from './library/network.ts'
import { quantity } from './library/quantity.ts'
import { regex } from './library/regex.ts'
import { semvers } from './library/semver.ts'
import { standardLibraries } from './library/standard.ts'
import { strings } from './library/strings.ts'
import { urls } from './library/urls.ts'
import { literalIssues } from './literals.ts'
import { type Functions, functionsOf } from './overload.ts'
import { parseCel } from './parser.ts'
import { plan } from './program.ts'
import { Scope } from './scope.ts'
import { CelTypeValue, type CelValue } from './values.ts'

/** What expressions of one sort may speak of. */
export interface CelEnvironment {
  readonly variables: Readonly<Record<string, CelType>>
  /** Types that expressions may make values of (`Object`, `JSONPatch`), by name. */
  message?(name: string): ObjectType | undefined
}

/** A compiled expression. */
export interface CelProgram {
  readonly source: string
  readonly type: CelType
  /** The variables that it speaks of. */
  readonly uses: ReadonlySet<string>
  /**
   * Synchronous. `variables` may be a function when making them all would be too much.
   *
   * @throws CelError when it cannot be computed, CelCostError when that takes too much
   */
  evaluate(variables: CelVariables, budget?: CelBudget): CelValue
}

export type CelVariables = Readonly<Record<string, CelValue>> | ((name: string) => CelValue | undefined)

/** What is left for expressions to use up; several may share one. */
export interface CelBudget {
  left: number
}

/** The most that one call may cost. */
export const perCallLimit = 1_000_000

/** Names that stand for types. */
const typeConstants: Readonly<Record<string, [value: CelTypeValue, type: CelType]>> = Object.fromEntries(
  Object.entries({
    bool,
    bytes: { kind: 'bytes' },
    double: { kind: 'double' },
    int,
    uint: { kind: 'uint' },
    string,
    list: listOf(dyn),
    map: mapOf(dyn, dyn),
    null_type: { kind: 'null' },
    type: { kind: 'type' },
    'google.protobuf.Timestamp': { kind: 'timestamp' },
    'google.protobuf.Duration': { kind: 'duration' },
    optional_type: dyn,
    'net.IP': { kind: 'opaque', name: 'net.IP', parameters: [] },
    'net.CIDR': { kind: 'opaque', name: 'net.CIDR', parameters: [] },
  } satisfies Record<string, CelType>).map(([name, of]) => [
    name,
    [new CelTypeValue(name), { kind: 'type', of }],
  ]),
)

let functions: Functions | undefined

/** Everything that Kubernetes gives to expressions; made when the first one is compiled. */
function kubernetesFunctions(): Functions {
  functions ??= functionsOf([
    ...standardLibraries,
    strings,
    kubernetesLists,
    lists,
    sets,
    regex,
    urls,
    quantity,
    network,
    format,
    semvers,
    authorization,
    jsonPatch,
  ])
  return functions
}

/** An expression that means something. */
export interface CheckedCel {
  readonly expr: Expr
  readonly type: CelType
  readonly uses: ReadonlySet<string>
  typeOf(part: Expr): CelType
}

/** @throws CelCompileError with everything that is wrong with it, as cel-go shows it */
export function checkCel(source: string, environment: CelEnvironment): CheckedCel {
  const expr = parseCel(source)
  const checker = new Checker({
    functions: kubernetesFunctions(),
    variable: (name) =>
      Object.hasOwn(environment.variables, name)
        ? environment.variables[name]
        : Object.hasOwn(typeConstants, name)
          ? typeConstants[name]?.[1]
          : undefined,
    message: (name) => environment.message?.(name),
  })
  const type = checker.check(expr)
  const issues: CelIssue[] = [...checker.issues]
  if (issues.length === 0) issues.push(...literalIssues(expr))
  if (issues.length > 0) throw new CelCompileError(source, issues)
  return { expr, type, uses: checker.uses, typeOf: (part) => checker.typeOf(part) }
}

/** @throws CelCompileError as `checkCel` */
export function compileCel(source: string, environment: CelEnvironment): CelProgram {
  const { expr, type, uses } = checkCel(source, environment)
  const step = plan(expr, (name) =>
    Object.hasOwn(typeConstants, name) ? typeConstants[name]?.[0] : undefined,
  )
  return {
    source,
    type,
    uses,
    evaluate(variables, budget = { left: perCallLimit }) {
      const root =
        typeof variables === 'function'
          ? variables
          : (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined)
      const own = { left: Math.min(budget.left, perCallLimit) }
      const before = own.left
      try {
        return step(new Scope(own, root))
      } catch (error) {
        // Nested too deep for the stack.
        if (error instanceof RangeError) throw new CelError(error.message)
        throw error
      } finally {
        budget.left -= before - own.left
      }
    },
  }
}
