/** An expression that could not be computed; the message is cel-go's. */
export class CelError extends Error {}

/** It took more than it may. */
export class CelCostError extends CelError {
  constructor() {
    super('operation cancelled: actual cost limit exceeded')
  }
}

export interface CelIssue {
  /** Where in the source, as an offset. */
  at: number
  message: string
}

/** An expression that means nothing; the message lists each issue with its place in the source, as cel-go shows it. */
export class CelCompileError extends Error {
  readonly issues: readonly CelIssue[]

  constructor(source: string, issues: readonly CelIssue[]) {
    const ordered = [...issues].sort((a, b) => a.at - b.at)
    super(ordered.map((issue) => show(source, issue)).join('\n'))
    this.issues = ordered
  }
}

function show(source: string, { at, message }: CelIssue): string {
  const before = source.slice(0, at).split('\n')
  const line = before.length
  const start = before[line - 1] ?? ''
  const column = [...start].length
  const text = (source.split('\n')[line - 1] ?? '').replaceAll('\t', ' ')
  const pointer = [...text.slice(0, start.length)].map((c) => (c > '\u007f' ? '\uff0e' : '.')).join('')
  const mark = (text.codePointAt(start.length) ?? 0) > 0x7f ? '\uff3e' : '^'
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text}\n | ${pointer}${mark}`
}
