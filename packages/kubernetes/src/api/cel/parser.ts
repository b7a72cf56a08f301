import { CelCompileError, type CelIssue } from './cel-error.ts'
import type { Call, Expr, ListLiteral, Literal, MapLiteral, StructLiteral } from './expression.ts'
import { LexicalError, type Token, tokenize } from './lexer.ts'
import { expandMacro, MacroError } from './macros.ts'
import { CelUint, type CelValue } from './values.ts'

const reserved = new Set([
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
])
const deepest = 250
const relations = new Set(['<', '<=', '>=', '>', '==', '!=', 'in'])
const functionOf: Readonly<Record<string, string>> = { in: '@in' }

/** @throws CelCompileError with what is wrong with its syntax */
export function parseCel(source: string): Expr {
  try {
    return new Parser(tokenize(source)).whole()
  } catch (error) {
    if (!(error instanceof LexicalError) && !(error instanceof MacroError)) throw error
    const issue: CelIssue = { at: error.at, message: error.message }
    throw new CelCompileError(source, [issue])
  }
}

class Parser {
  readonly #tokens: Token[]
  #next = 0
  #depth = 0

  constructor(tokens: Token[]) {
    this.#tokens = tokens
  }

  whole(): Expr {
    const expr = this.#expr()
    if (this.#token.kind !== 'end') this.#unexpected('<EOF>')
    return expr
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token
  }

  /** Takes the symbol (or the word) if it is next. */
  #take(text: string): Token | undefined {
    const token = this.#token
    if (token.text !== text || (token.kind !== 'symbol' && token.kind !== 'ident')) return undefined
    this.#next++
    return token
  }

  #expect(text: string): Token {
    return this.#take(text) ?? this.#unexpected(`'${text}'`)
  }

  #unexpected(expected: string): never {
    const { at, text, kind } = this.#token
    const shown = kind === 'end' ? text : text.replaceAll('\n', '\\n')
    throw new LexicalError(at, `Syntax error: mismatched input '${shown}' expecting ${expected}`)
  }

  #expr(): Expr {
    if (++this.#depth > deepest)
      throw new LexicalError(this.#token.at, `expression recursion limit exceeded: ${deepest}`)
    const condition = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()))
    const question = this.#take('?')
    this.#depth--
    if (!question) return condition
    const yes = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()))
    this.#expect(':')
    return call('_?_:_', [condition, yes, this.#expr()], question.at)
  }

  #logical(sign: string, name: string, operand: () => Expr): Expr {
    let left = operand()
    for (let token = this.#take(sign); token; token = this.#take(sign))
      left = call(name, [left, operand()], token.at)
    return left
  }

  #relation(): Expr {
    let left = this.#sum()
    while (relations.has(this.#token.text) && ['symbol', 'ident'].includes(this.#token.kind)) {
      const { text, at } = this.#token
      this.#next++
      left = call(functionOf[text] ?? `_${text}_`, [left, this.#sum()], at)
    }
    return left
  }

  #sum(): Expr {
    return this.#arithmetic(['+', '-'], () => this.#arithmetic(['*', '/', '%'], () => this.#unary()))
  }

  #arithmetic(signs: string[], operand: () => Expr): Expr {
    let left = operand()
    while (this.#token.kind === 'symbol' && signs.includes(this.#token.text)) {
      const { text, at } = this.#token
      this.#next++
      left = call(`_${text}_`, [left, operand()], at)
    }
    return left
  }

  #unary(): Expr {
    for (const sign of ['!', '-']) {
      const first = this.#take(sign)
      if (!first) continue
      let times = 1
      while (this.#take(sign)) times++
      // A minus before a number belongs to it, so that the least integer can be written.
      const { kind } = this.#token
      if (sign === '-' && times === 1 && (kind === 'int' || kind === 'double'))
        return this.#members(this.#literal(this.#advance(), first.at))
      const operand = this.#members(this.#primary())
      return times % 2 === 0 ? operand : call(`${sign}_`, [operand], first.at)
    }
    return this.#members(this.#primary())
  }

  #advance(): Token {
    const token = this.#token
    this.#next++
    return token
  }

  #members(start: Expr): Expr {
    let expr = start
    for (;;) {
      const dot = this.#take('.')
      if (dot) {
        const optional = this.#take('?') !== undefined
        if (this.#token.kind !== 'ident') this.#unexpected('IDENTIFIER')
        const field = this.#advance().text
        const open = optional ? undefined : this.#take('(')
        if (open) expr = expandMacro(call(field, this.#list(')'), open.at, expr))
        else expr = { kind: 'select', operand: expr, field, test: false, optional, at: dot.at }
        continue
      }
      const bracket = this.#take('[')
      if (!bracket) return expr
      const optional = this.#take('?') !== undefined
      const index = this.#expr()
      this.#expect(']')
      expr = call(optional ? '_[?_]' : '_[_]', [expr, index], bracket.at)
    }
  }

  /** Expressions up to a closing sign, which is taken. */
  #list(close: string): Expr[] {
    const items: Expr[] = []
    if (this.#take(close)) return items
    do items.push(this.#expr())
    while (this.#take(','))
    this.#expect(close)
    return items
  }

  #primary(): Expr {
    const token = this.#token
    switch (token.kind) {
      case 'int':
      case 'uint':
      case 'double':
      case 'string':
      case 'bytes':
        return this.#literal(this.#advance(), token.at)
      case 'ident':
        return this.#named(this.#advance(), token.at)
      case 'symbol':
        this.#next++
        if (token.text === '(') {
          const inner = this.#expr()
          this.#expect(')')
          return inner
        }
        if (token.text === '[') return this.#listLiteral(token.at)
        if (token.text === '{') return this.#mapLiteral(token.at)
        if (token.text === '.' && this.#token.kind === 'ident') return this.#named(this.#advance(), token.at)
        this.#next--
    }
    return this.#unexpected(
      "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    )
  }

  #named(token: Token, at: number): Expr {
    switch (token.text) {
      case 'true':
      case 'false':
        return { kind: 'literal', type: { kind: 'bool' }, value: token.text === 'true', at }
      case 'null':
        return { kind: 'literal', type: { kind: 'null' }, value: null, at }
    }
    const open = this.#take('(')
    if (open) return expandMacro(call(token.text, this.#list(')'), open.at))
    const typeName = this.#structName(token)
    if (typeName) return this.#struct(typeName)
    if (reserved.has(token.text)) throw new LexicalError(at, `reserved identifier: ${token.text}`)
    if (token.text === 'in') {
      this.#next--
      this.#unexpected('IDENTIFIER')
    }
    return { kind: 'ident', name: token.text, at }
  }

  /** `a.b.C` before a brace; its tokens are taken then. */
  #structName(first: Token): string | undefined {
    let name = first.text
    let index = this.#next
    while (this.#tokens[index]?.text === '.' && this.#tokens[index + 1]?.kind === 'ident') {
      name += `.${this.#tokens[index + 1]?.text}`
      index += 2
    }
    const brace = this.#tokens[index]
    if (brace?.kind !== 'symbol' || brace.text !== '{') return undefined
    this.#next = index
    return name
  }

  #struct(type: string): StructLiteral {
    const { at } = this.#expect('{')
    const fields: StructLiteral['fields'] = []
    while (!this.#take('}')) {
      const optional = this.#take('?') !== undefined
      if (this.#token.kind !== 'ident') this.#unexpected('IDENTIFIER')
      const name = this.#advance().text
      const colon = this.#expect(':')
      fields.push({ name, value: this.#expr(), optional, at: colon.at })
      if (!this.#take(',')) {
        this.#expect('}')
        break
      }
    }
    return { kind: 'struct', type, fields, at }
  }

  #listLiteral(at: number): ListLiteral {
    const elements: ListLiteral['elements'] = []
    while (!this.#take(']')) {
      const optional = this.#take('?') !== undefined
      elements.push({ value: this.#expr(), optional })
      if (!this.#take(',')) {
        this.#expect(']')
        break
      }
    }
    return { kind: 'list', elements, at }
  }

  #mapLiteral(at: number): MapLiteral {
    const entries: MapLiteral['entries'] = []
    while (!this.#take('}')) {
      const optional = this.#take('?') !== undefined
      const key = this.#expr()
      this.#expect(':')
      entries.push({ key, value: this.#expr(), optional })
      if (!this.#take(',')) {
        this.#expect('}')
        break
      }
    }
    return { kind: 'map', entries, at }
  }

  /** `at` is where its sign is, if it has one. */
  #literal(token: Token, at: number): Literal {
    const { kind, text } = token
    const sign = at === token.at ? '' : '-'
    if (kind === 'string' || kind === 'bytes')
      return { kind: 'literal', type: { kind }, value: token.value as CelValue, at }
    if (kind === 'double') return { kind: 'literal', type: { kind }, value: Number(sign + text), at }
    const isUint = kind === 'uint'
    const magnitude = BigInt(isUint ? text.slice(0, -1) : text)
    const value = sign ? -magnitude : magnitude
    const fits = isUint ? BigInt.asUintN(64, value) === value : BigInt.asIntN(64, value) === value
    if (!fits) throw new LexicalError(at, `invalid ${isUint ? 'uint' : 'int'} literal`)
    return isUint
      ? { kind: 'literal', type: { kind: 'uint' }, value: new CelUint(value), at }
      : { kind: 'literal', type: { kind: 'int' }, value, at }
  }
}

function call(name: string, args: Expr[], at: number, target?: Expr): Call {
  return { kind: 'call', name, args, at, ...(target && { target }) }
}
