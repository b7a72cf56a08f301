import type { Credentials } from '../authenticator.ts'

/** All values of a header in order, without empty ones. */
export function headerValues(credentials: Credentials, name: string): string[] {
  const lower = name.toLowerCase()
  return headers(credentials)
    .filter(([key]) => key === lower)
    .map(([, value]) => value)
    .filter((value) => value !== '')
}

/** Headers that start with a prefix, by the rest of their name (lower case, percent-decoded). */
export function prefixedHeaders(credentials: Credentials, prefix: string): Record<string, string[]> {
  const lower = prefix.toLowerCase()
  const found: Record<string, string[]> = {}
  for (const [key, value] of headers(credentials)) {
    if (!key.startsWith(lower)) continue
    const name = decoded(key.slice(lower.length))
    found[name] ??= []
    found[name].push(value)
  }
  return found
}

/** Pairs of lower-case name and value. */
function headers({ headers, rawHeaders }: Credentials): [string, string][] {
  if (rawHeaders) {
    const pairs: [string, string][] = []
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      pairs.push([rawHeaders[at]!.toLowerCase(), rawHeaders[at + 1]!])
    }
    return pairs
  }
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : (value ?? '').split(',')).map((one): [string, string] => [
      name.toLowerCase(),
      one.trim(),
    ]),
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
