import { unescapeLiteral } from './unescape.ts'

export type TokenKind = 'ident' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'symbol' | 'end'

export interface Token {
  kind: TokenKind
  text: string
  at: number
  /** Of strings and bytes. */
  value?: string | Uint8Array
}

export class LexicalError extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

const space = /(?:[\t\n\f\r ]+|\/\/[^\n]*)+/y
const ident = /[_a-zA-Z][_a-zA-Z0-9]*/y
const number = /(?:0x[0-9a-fA-F]+u?|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|\d+u?)/iy
const symbol = /(?:==|!=|<=|>=|&&|\|\||[<>()[\]{}.,:?!+\-*/%])/y
const prefix = /(?:[rR][bB]?|[bB][rR]?)?(?:"""|'''|"|')/y

/** @throws LexicalError */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  for (;;) {
    at += match(space)?.length ?? 0
    if (at >= source.length) break
    const opening = match(prefix)
    const token = opening ? literalToken(source, at, opening) : plainToken(match, at)
    if (!token) {
      const shown = JSON.stringify(source[at]).slice(1, -1)
      throw new LexicalError(at, `Syntax error: token recognition error at: '${shown}'`)
    }
    tokens.push(token)
    at += token.text.length
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: source.length })
  return tokens
}

function plainToken(match: (pattern: RegExp) => string | undefined, at: number): Token | undefined {
  const digits = match(number)
  if (digits) {
    const isHex = /^0x/i.test(digits)
    const kind = /u$/i.test(digits) ? 'uint' : !isHex && /[.e]/i.test(digits) ? 'double' : 'int'
    return { kind, text: digits, at }
  }
  const name = match(ident)
  if (name) return { kind: 'ident', text: name, at }
  const sign = match(symbol)
  return sign ? { kind: 'symbol', text: sign, at } : undefined
}

/** A string or bytes, from its prefix and quotes on. */
function literalToken(source: string, at: number, opening: string): Token | undefined {
  const raw = /r/i.test(opening)
  const isBytes = /b/i.test(opening)
  const quotes = opening.replace(/[rb]/gi, '')
  let end = at + opening.length
  for (; end < source.length && !source.startsWith(quotes, end); end++) {
    if (quotes.length === 1 && source[end] === '\n') return undefined
    if (source[end] === '\\' && !raw) end++
  }
  if (end >= source.length) return undefined
  const body = source.slice(at + opening.length, end)
  const value = unescapeLiteral(body, raw, isBytes)
  if (value === undefined) throw new LexicalError(at, 'invalid string literal')
  return { kind: isBytes ? 'bytes' : 'string', text: source.slice(at, end + quotes.length), at, value }
}
