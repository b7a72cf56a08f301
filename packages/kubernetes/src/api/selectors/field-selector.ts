/** One term of a field selector; `equal` is false for `!=`. */
export interface FieldTerm {
  field: string
  equal: boolean
  value: string
}

/**
 * `status.phase=Running,spec.nodeName!=a`. In values, `\`, `,` and `=` are written with a backslash before them.
 * @throws Error with upstream's message
 */
export function parseFieldSelector(selector: string): FieldTerm[] {
  return splitTerms(selector)
    .filter((term) => term !== '')
    .sort()
    .map((term) => {
      const parts = /^(.*?)(!=|==|=)(.*)$/s.exec(term)
      if (!parts) throw new Error(`invalid selector: '${selector}'; can't understand '${term}'`)
      const [, field, operator, value] = parts as unknown as [string, string, string, string]
      return { field, equal: operator !== '!=', value: literalOf(value) }
    })
}

function splitTerms(selector: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let at = 0; at < selector.length; at++) {
    if (selector[at] === '\\') at++
    else if (selector[at] === ',') {
      terms.push(selector.slice(start, at))
      start = at + 1
    }
  }
  terms.push(selector.slice(start))
  return terms
}

function literalOf(value: string): string {
  return value.replace(/\\(.?)|[,=]/gs, (found, escaped: string | undefined) => {
    if (escaped === undefined) {
      throw new Error(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`)
    }
    if (!'\\,='.includes(escaped) || escaped === '') {
      throw new Error(`invalid field selector: invalid escape sequence: ${found}`)
    }
    return escaped
  })
}
