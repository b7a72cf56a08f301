import { expressionMatcher, type LabelMatcher } from '../label-selector.ts'

/** One requirement of a label selector, with the operators of `meta/v1 LabelSelector` and `Gt`, `Lt`. */
export interface LabelRequirement {
  key: string
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  values: string[]
}

/** What the string form of a label selector selects. @throws Error with upstream's message */
export function parseLabelSelector(selector: string): LabelMatcher {
  const matchers = labelRequirements(selector).map(({ key, operator, values }) =>
    expressionMatcher(key, operator, values),
  )
  return (labels) => matchers.every((matches) => matches(labels))
}

/** The string form: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. @throws Error with upstream's message */
export function labelRequirements(selector: string): LabelRequirement[] {
  return new Parser(selector).requirements()
}

const binaryOperators = 'in, notin, =, ==, !=, gt, lt'

class Parser {
  /** Words and symbols; '' marks the end. */
  readonly #tokens: string[]
  #position = 0

  constructor(selector: string) {
    this.#tokens = [...(selector.match(/==|!=|[=!,()<>]|[^\s=!,()<>]+/g) ?? []), '']
  }

  requirements(): LabelRequirement[] {
    const found: LabelRequirement[] = []
    for (;;) {
      const token = this.#next()
      if (token === '') return found
      if (!isWord(token) && token !== '!') {
        throw new Error(`found '${token}', expected: !, identifier, or 'end of string'`)
      }
      found.push(this.#requirement())
      const separator = this.#take()
      if (separator === '') return found
      if (separator !== ',') throw new Error(`found '${separator}', expected: ',' or 'end of string'`)
      const after = this.#next()
      if (!isWord(after) && after !== '!') throw new Error(`found '${after}', expected: identifier after ','`)
    }
  }

  #requirement(): LabelRequirement {
    try {
      return this.#parseRequirement()
    } catch (error) {
      throw new Error(`unable to parse requirement: ${(error as Error).message}`)
    }
  }

  #parseRequirement(): LabelRequirement {
    const negated = this.#next() === '!'
    if (negated) this.#take()
    const key = this.#take()
    if (!isWord(key)) throw new Error(`found '${key}', expected: identifier`)
    checkKey(key)
    if (this.#next() === '' || this.#next() === ',') {
      return { key, operator: negated ? 'DoesNotExist' : 'Exists', values: [] }
    }
    const operator = this.#take()
    switch (operator) {
      case 'in':
        return withValues(key, 'In', this.#values())
      case 'notin':
        return withValues(key, 'NotIn', this.#values())
      case '=':
      case '==':
        return withValues(key, 'In', [this.#exactValue()])
      case '!=':
        return withValues(key, 'NotIn', [this.#exactValue()])
      case '>':
        return withValues(key, 'Gt', [this.#exactValue()])
      case '<':
        return withValues(key, 'Lt', [this.#exactValue()])
      default:
        throw new Error(`found '${operator}', expected: ${binaryOperators}`)
    }
  }

  #exactValue(): string {
    if (this.#next() === '' || this.#next() === ',') return ''
    const value = this.#take()
    if (!isWord(value)) throw new Error(`found '${value}', expected: identifier`)
    return value
  }

  /** `(a,b)`; nothing between commas is the empty value. */
  #values(): string[] {
    const open = this.#take()
    if (open !== '(') throw new Error(`found '${open}' expected: '('`)
    const values = new Set<string>()
    let value = ''
    for (;;) {
      const token = this.#take()
      if (token === ',' || token === ')') {
        values.add(value)
        value = ''
        if (token === ')') return [...values].sort()
      } else if (isWord(token) && value === '') value = token
      else if (isWord(token)) throw new Error(`found '${token}', expected: ',' or ')'`)
      else throw new Error(`found '${token}', expected: ',', or identifier`)
    }
  }

  #next(): string {
    return this.#tokens[this.#position] ?? ''
  }

  #take(): string {
    const token = this.#next()
    this.#position++
    return token
  }
}

function isWord(token: string): boolean {
  return token !== '' && !/^[=!,()<>]/.test(token)
}

function withValues(key: string, operator: LabelRequirement['operator'], values: string[]): LabelRequirement {
  if (operator === 'Gt' || operator === 'Lt') {
    if (!/^[+-]?\d+$/.test(values[0] ?? '')) {
      throw new Error(
        `values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`,
      )
    }
    return { key, operator, values }
  }
  for (const [index, value] of values.entries()) checkValue(`values[${index}][${key}]`, value)
  return { key, operator, values }
}

const nameRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const prefixRule =
  "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const word = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

function checkKey(key: string): void {
  const [name = '', prefix, ...more] = key.split('/').reverse()
  const refuse = (rule: string): never => {
    throw new Error(`<nil>: Invalid value: ${JSON.stringify(key)}: ${rule}`)
  }
  if (more.length > 0)
    refuse(`a qualified name ${nameRule.slice(10)} with an optional DNS subdomain prefix and '/'`)
  if (prefix !== undefined && !subdomain.test(prefix)) refuse(prefixRule)
  if (name.length > 63) refuse('name part must be no more than 63 bytes')
  if (!word.test(name)) refuse(nameRule)
}

function checkValue(path: string, value: string): void {
  if (value === '' || (word.test(value) && value.length <= 63)) return
  const rule = value.length > 63 ? 'must be no more than 63 bytes' : valueRule
  throw new Error(`${path}: Invalid value: ${JSON.stringify(value)}: ${rule}`)
}
