/** The layers of a cluster, from the outside in. */
export type TreeKind =
  | 'host'
  | 'driver'
  | 'node'
  | 'services'
  | 'service'
  | 'runtime'
  | 'pod'
  | 'shim'
  | 'sandbox'
  | 'container'
  | 'process'

/** One thing that runs, with what runs in it. */
export interface TreeNode {
  kind: TreeKind
  name: string
  /** As the layer itself says: `ready`, `running`, `exited (3)`. */
  state?: string
  /** On the node; what has one is a process of its own. */
  pid?: number
  /** Facts worth a word, by name: `address`, `image`, `command` … */
  details: Record<string, string>
  /**
   * Bytes, proportional set size: shared pages count by their share, so that parts add up. Of a process its own, else of all
   * that is below.
   */
  memory: number
  /** Percent of one processor; of a process its own, else of all that is below. */
  cpu: number
  children: TreeNode[]
}

type Facts = Partial<Pick<TreeNode, 'state' | 'details'>>

/** Something that is no process: it uses what its parts use. */
export function group(
  kind: TreeKind,
  name: string,
  children: TreeNode[],
  { state, details = {} }: Facts = {},
): TreeNode {
  const totals = children.map(total)
  return {
    kind,
    name,
    ...(state !== undefined && { state }),
    details,
    memory: totals.reduce((sum, { memory }) => sum + memory, 0),
    cpu: totals.reduce((sum, { cpu }) => sum + cpu, 0),
    children,
  }
}

/** With everything below. */
function total(node: TreeNode): Pick<TreeNode, 'memory' | 'cpu'> {
  if (node.pid === undefined) return node
  return node.children
    .map(total)
    .reduce((sum, { memory, cpu }) => ({ memory: sum.memory + memory, cpu: sum.cpu + cpu }), {
      memory: node.memory,
      cpu: node.cpu,
    })
}
