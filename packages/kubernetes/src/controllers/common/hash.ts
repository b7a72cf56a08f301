/** Characters that form no words and no digits that look like letters (apimachinery's util/rand). */
const safe = 'bcdfghjklmnpqrstvwxz2456789'

/** FNV-1a, 32 bits, of the text's UTF-8. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** JSON with sorted keys and without absent fields: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : field,
  )
}

/** A short name part for a value; `collisionCount` gives another one when that name is taken by something else. */
export function hashOf(value: unknown, collisionCount?: number): string {
  return safeEncode(String(fnv32a(`${canonicalJson(value)}${collisionCount ?? ''}`)))
}

export function safeEncode(text: string): string {
  return [...text].map((character) => safe[character.charCodeAt(0) % safe.length]).join('')
}
