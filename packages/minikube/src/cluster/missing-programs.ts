import type { Node } from '../node/node.ts'

/** Which of these programs (names, or absolute paths) the node does not have. */
export async function missingPrograms(node: Node, programs: readonly string[]): Promise<string[]> {
  // System programs are looked for where root finds them, whoever asks.
  const script =
    'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; for p; do command -v "$p" >/dev/null || echo "$p"; done'
  const { stdout } = await node.run(['sh', '-c', script, 'sh', ...programs])
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '')
}
