/**
 * Replaces `$(NAME)` by what `lookup` has; unknown names and unfinished references stay as they are, `$$` is a dollar sign.
 * Upstream's third_party/forked/golang/expansion.
 */
export function expandVariables(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (lookup(name) ?? match),
  )
}

/** As {@link expandVariables}, but an unknown name is an error: a path must not contain a literal `$(X)`. */
export function expandStrictly(text: string, lookup: (name: string) => string | undefined): string {
  const missing: string[] = []
  const expanded = expandVariables(text, (name) => {
    const value = lookup(name)
    if (value === undefined) missing.push(name)
    return value
  })
  if (missing.length > 0) throw new Error(`missing value for "${missing[0]}"`)
  return expanded
}
