/** A list of completion indexes such as `0,3-5`. */
export interface IndexList {
  /** How many indexes. */
  total: number
  intervals: [first: number, last: number][]
}

/** @throws Error with what is wrong with it, every index being one of `completions` */
export function parseIndexList(text: string, completions: number): IndexList {
  const intervals: [number, number][] = []
  let total = 0
  let previous: number | undefined
  for (const part of text ? text.split(',') : []) {
    const [first, last] = parseInterval(part, completions)
    if (previous !== undefined && previous >= first) throw nonIncreasing(previous, first)
    total += last - first + 1
    previous = last
    intervals.push([first, last])
  }
  return { total, intervals }
}

function parseInterval(text: string, completions: number): [number, number] {
  const limits = text.split('-')
  if (limits.length > 2) {
    throw new Error(
      `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    )
  }
  const [first = 0, last] = limits.map((limit) => parseIndex(limit, completions))
  if (last === undefined) return [first, first]
  if (first >= last) throw nonIncreasing(first, last)
  return [first, last]
}

function parseIndex(text: string, completions: number): number {
  if (!/^\+?\d+$/.test(text))
    throw new Error(`cannot convert string to integer for index: ${JSON.stringify(text)}`)
  const index = Number(text)
  if (index >= completions) throw new Error(`too large index: ${JSON.stringify(text)}`)
  return index
}

function nonIncreasing(previous: number, current: number): Error {
  return new Error(`non-increasing order, previous: ${previous}, current: ${current}`)
}

/** The first index that both lists have; what cannot be read of them counts for nothing. */
export function firstOverlap(left: string, right: string, completions: number): number | undefined {
  const rights = readable(right, completions)
  for (const [first, last] of readable(left, completions)) {
    const other = rights.find(([start, end]) => first <= end && start <= last)
    if (other) return Math.max(first, other[0])
  }
  return undefined
}

function readable(text: string, completions: number): [number, number][] {
  return (text ? text.split(',') : []).flatMap((part) => {
    try {
      return [parseInterval(part, completions)]
    } catch {
      return []
    }
  })
}
