import { goRegExp } from '../../validation/structural/go-regexp.ts'
import { CelError } from '../cel-error.ts'
import type { Library } from '../overload.ts'
import { ArrayList, type CelList } from '../values.ts'

function expression(pattern: string): RegExp {
  const regex = goRegExp(pattern)
  if (!regex) throw new CelError(`Illegal regex: error parsing regexp: invalid pattern: \`${pattern}\``)
  return new RegExp(regex.source, `${regex.flags}g`)
}

function findAll(text: string, pattern: string, most = -1n): CelList {
  const found = [...text.matchAll(expression(pattern))].map(([match]) => match)
  return new ArrayList(most < 0n ? found : found.slice(0, Number(most)))
}

export const regex: Library = {
  '(string).find(string): string': (text: string, pattern: string) =>
    expression(pattern).exec(text)?.[0] ?? '',
  '(string).findAll(string): list<string>': findAll,
  '(string).findAll(string, int): list<string>': findAll,
}
