/**
 * Images that a Dockerfile builds on, or copies from: not `scratch`, not its own stages. A name with an unset variable in
 * it is left out.
 */
export function baseImages(text: string): string[] {
  const stages = new Set<string>(['scratch'])
  const defaults: Record<string, string> = {}
  const found = new Set<string>()
  const add = (raw: string): void => {
    const name = raw.replaceAll(/\$\{?(\w+)\}?/g, (whole, variable: string) => defaults[variable] ?? whole)
    if (!name.includes('$') && !stages.has(name.toLowerCase()) && !/^\d+$/.test(name)) found.add(name)
  }
  const lines = text.replaceAll(/\\\r?\n/g, ' ').split('\n')
  for (const line of lines) {
    const argument = /^\s*ARG\s+(\w+)=(\S+)/i.exec(line)
    if (argument) defaults[argument[1]!] = argument[2]!.replace(/^"(.*)"$/, '$1')
    const from = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line)
    if (from) {
      add(from[1]!)
      if (from[2]) stages.add(from[2].toLowerCase())
    }
    const copy = /^\s*COPY\s+(?:--(?!from)\S+\s+)*--from=(\S+)/i.exec(line)
    if (copy) add(copy[1]!)
  }
  return [...found]
}
