import { createHash } from 'node:crypto'

const longest = 120

/**
 * A name for a chain or set out of parts that may be long; readable as far as it goes. nft takes letters, digits and
 * `_./-` after a first letter, which is the kind's.
 */
export function nftName(kind: string, ...parts: readonly string[]): string {
  const name = [kind, ...parts].join('/')
  if (name.length <= longest && /^[A-Za-z][A-Za-z0-9_./-]*$/.test(name)) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16)
  return `${name.slice(0, longest - hash.length - 1).replace(/[^A-Za-z0-9_./-]/g, '_')}-${hash}`
}
