import { readFile } from 'node:fs/promises'
import type { InterfaceStats } from './summary.ts'

const defaultInterface = 'eth0'
/** Loopbacks, and what engines make for each container. */
const uninteresting = /^(lo$|veth|docker|nerdctl)/

/**
 * What has gone through the interfaces of a network namespace, but its loopback and those of containers. `table`: a
 * `/proc/<pid>/net/dev`. The first of the answer is what the namespace is known by.
 * @throws Error when the process is gone
 */
export async function readNetworkUsage(table: string): Promise<InterfaceStats[]> {
  const [, , ...lines] = (await readFile(table, 'utf8')).trimEnd().split('\n')
  const found = lines.map((line): InterfaceStats => {
    const colon = line.indexOf(':')
    const values = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number)
    return {
      name: line.slice(0, colon).trim(),
      rxBytes: values[0] ?? 0,
      rxErrors: values[2] ?? 0,
      txBytes: values[8] ?? 0,
      txErrors: values[10] ?? 0,
    }
  })
  return found
    .filter(({ name }) => !uninteresting.test(name))
    .sort((a, b) => Number(b.name === defaultInterface) - Number(a.name === defaultInterface))
}
