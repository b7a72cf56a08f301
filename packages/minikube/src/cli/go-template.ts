import { UsageError } from './usage-error.ts'

/** The part of Go's templates that people use for output: fields and the escapes \n and \t. */
export function renderTemplate(template: string, values: Record<string, unknown>): string {
  return template
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t')
    .replaceAll(/\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
      const name = /^\.(\w+)$/.exec(expression)?.[1]
      if (!name || !(name in values)) {
        throw new UsageError(
          `the template holds {{${expression}}}, which is not known here`,
          `Known: ${Object.keys(values)
            .map((key) => `{{.${key}}}`)
            .join(' ')}`,
        )
      }
      return String(values[name])
    })
}
