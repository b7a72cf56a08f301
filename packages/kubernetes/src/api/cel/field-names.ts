const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
}
const unescapes = new Map(Object.entries(escapes).map(([plain, escaped]) => [escaped, plain]))

/** The name that expressions use for a field; undefined for fields that they cannot use. */
export function escapeField(name: string): string | undefined {
  if (!/^[a-zA-Z_./-][a-zA-Z0-9_./-]*$/.test(name)) return undefined
  if (reserved.has(name)) return `__${name}__`
  return name.replace(/__|[-./]/g, (part) => escapes[part] ?? part)
}

export function unescapeField(name: string): string {
  if (!name.includes('__')) return name
  const word = /^__(.*)__$/.exec(name)?.[1]
  if (word !== undefined && reserved.has(word)) return word
  return name.replace(/__[^_]+__/g, (part) => unescapes.get(part) ?? part)
}

/** May a variable be called so? */
export function isCelIdentifier(name: string): boolean {
  return /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reserved.has(name)
}
