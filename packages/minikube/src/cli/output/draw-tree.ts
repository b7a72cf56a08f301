import type { TreeNode } from '../../cluster/tree/tree-node.ts'

export interface TreeStyle {
  /** Lines that meet; else ASCII. */
  unicode: boolean
  /** What does not fit is cut; undefined: nothing is. */
  width?: number
}

const branches = {
  unicode: { item: '├─ ', last: '└─ ', through: '│  ', between: ' · ', cut: '…' },
  plain: { item: '|- ', last: '`- ', through: '|  ', between: ', ', cut: '...' },
} as const

/** How a layer is called where its name alone would not say. */
const labels: Partial<Record<TreeNode['kind'], string>> = {
  host: 'host ',
  driver: 'driver ',
  node: 'node ',
  runtime: 'runtime ',
  pod: 'pod ',
  shim: 'shim ',
  container: 'container ',
}

/** A line for each node, with what it uses in columns before: MEMORY, CPU, PID. */
export function drawTree(root: TreeNode, { unicode, width }: TreeStyle): string {
  const signs = branches[unicode ? 'unicode' : 'plain']
  const rows: [memory: string, cpu: string, pid: string, text: string][] = [['MEMORY', 'CPU', 'PID', '']]
  const add = (node: TreeNode, prefix: string, below: string): void => {
    rows.push([
      hasUse(node) ? megabytes(node.memory) : '-',
      hasUse(node) ? `${node.cpu.toFixed(1)}%` : '-',
      String(node.pid ?? ''),
      prefix + wordsOf(node).join(signs.between),
    ])
    node.children.forEach((child, index) => {
      const last = index === node.children.length - 1
      add(child, below + (last ? signs.last : signs.item), below + (last ? '   ' : signs.through))
    })
  }
  add(root, '', '')
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map(([memory, cpu, pid, text]) => {
      const numbers = [memory, cpu, pid].map((cell, column) => cell.padStart(widths[column]!)).join('  ')
      const line = `${numbers}  ${text}`.trimEnd()
      return width !== undefined && line.length > width
        ? line.slice(0, Math.max(0, width - signs.cut.length)) + signs.cut
        : line
    })
    .join('\n')
}

function wordsOf(node: TreeNode): string[] {
  const { restarts, command, ...facts } = node.details
  const name = command === undefined ? `${labels[node.kind] ?? ''}${node.name}` : oneLine(command)
  return [
    name,
    ...(node.state ? [node.state] : []),
    ...(restarts ? [`restarts ${restarts}`] : []),
    ...Object.values(facts),
  ].map(oneLine)
}

/** Commands hold whole scripts, and may hold what would move the terminal's cursor. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
}

/** Nothing runs for what has ended. */
function hasUse({ pid, memory, cpu, children }: TreeNode): boolean {
  return pid !== undefined || memory > 0 || cpu > 0 || children.some(hasUse)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
