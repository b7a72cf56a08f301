import { mustRun } from './run.ts'

/** Local addresses on which something listens on a TCP port. */
export async function listeningAddresses(port: number): Promise<string[]> {
  const { stdout } = await mustRun(['ss', '-Hltn', `sport = :${port}`])
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line
        .trim()
        .split(/\s+/)[3]
        .replace(/:\d+$/, '')
        .replace(/^\[(.*)\]$/, '$1'),
    )
}
