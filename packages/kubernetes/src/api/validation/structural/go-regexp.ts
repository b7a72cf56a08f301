/**
 * A Go (RE2) pattern as a JavaScript one; undefined when it is none. Both write alike but for anchors, named groups and
 * flags at the beginning.
 */
export function goRegExp(pattern: string): RegExp | undefined {
  const [, letters = ''] = /^\(\?([ims]+)\)/.exec(pattern) ?? []
  const source = (letters ? pattern.slice(letters.length + 3) : pattern)
    .replaceAll('(?P<', '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$')
  for (const unicode of ['u', '']) {
    try {
      return new RegExp(source, letters + unicode)
    } catch {
      // Unicode mode refuses needless escapes that Go takes.
    }
  }
  return undefined
}
