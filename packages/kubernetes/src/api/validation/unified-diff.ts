/**
 * What changed between two values, as a unified diff of their pretty JSON: upstream puts it behind "may not change".
 */
export function unifiedDiff(before: unknown, after: unknown): string {
  const lines = diffLines(pretty(before), pretty(after))
  const context = 3
  const hunks: string[] = []
  let at = 0
  while (at < lines.length) {
    const first = lines.findIndex((line, index) => index >= at && line.sign !== ' ')
    if (first < 0) break
    let last = first
    for (let index = first; index < lines.length && index <= last + 2 * context; index++)
      if (lines[index]?.sign !== ' ') last = index
    const hunk = lines.slice(Math.max(at, first - context), last + context + 1)
    const [start] = hunk
    const range = (from: number, sign: string): string => {
      const count = hunk.filter((line) => line.sign !== sign).length
      return count === 1 ? `${from}` : `${count === 0 ? from - 1 : from},${count}`
    }
    hunks.push(
      `@@ -${range(start?.left ?? 1, '+')} +${range(start?.right ?? 1, '-')} @@\n`,
      ...hunk.map(({ sign, text }) => `${sign}${text}\n`),
    )
    at = last + context + 1
  }
  return hunks.join('')
}

function pretty(value: unknown): string[] {
  return JSON.stringify(sorted(value) ?? null, null, 1).split('\n')
}

/** With keys in one order, so that only values make a difference. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, sorted(field)]),
  )
}

interface Line {
  sign: ' ' | '-' | '+'
  text: string
  /** Line numbers, from 1, at this place. */
  left: number
  right: number
}

function diffLines(a: string[], b: string[]): Line[] {
  // Lengths of the longest common subsequences of what follows.
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    const row = lengths[i] as Uint16Array
    for (let j = b.length - 1; j >= 0; j--)
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  const lines: Line[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const place = { left: i + 1, right: j + 1 }
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i] ?? '', ...place })
      i++
      j++
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1)))
      lines.push({ sign: '-', text: a[i++] ?? '', ...place })
    else lines.push({ sign: '+', text: b[j++] ?? '', ...place })
  }
  return lines
}
