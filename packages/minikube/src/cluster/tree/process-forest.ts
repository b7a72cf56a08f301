import type { ProcessesReading, ProcessReading } from './read-processes.ts'
import type { TreeNode } from './tree-node.ts'

/** The processes of a node, as parts of the tree. Each is shown once. */
export class ProcessForest {
  readonly #now: ProcessesReading
  readonly #before: ProcessesReading
  readonly #children: ReadonlyMap<number, readonly ProcessReading[]>
  readonly #places: ReadonlySet<number>
  readonly #claimed: Set<number>

  /** @param places those that have a place of their own in the tree, and so are not shown below their parents */
  constructor(now: ProcessesReading, before: ProcessesReading, places: readonly (number | undefined)[]) {
    this.#now = now
    this.#before = before
    this.#children = Map.groupBy(now.processes.values(), ({ parent }) => parent)
    this.#places = new Set(places.filter((pid) => pid !== undefined))
    this.#claimed = new Set(this.#places)
  }

  /** Who started a container's first process; undefined when that is nobody in particular. */
  shimOf(pid: number): number | undefined {
    const parent = this.#now.processes.get(pid)?.parent
    if (parent === undefined || !this.#now.processes.has(parent) || this.#places.has(parent)) return undefined
    this.#claimed.add(parent)
    return parent
  }

  shim(pid: number, children: TreeNode[]): TreeNode {
    const { name, argv } = this.#now.processes.get(pid)!
    // The kernel cuts names short.
    const whole = argv[0]?.split('/').at(-1) || name
    const shim = this.tree(pid, {
      kind: 'shim',
      name: whole,
      details: { purpose: "parent of the pod's containers" },
    })
    return { ...shim, children: [...children, ...shim.children] }
  }

  /** Other processes of the same container that its shim started: what is run in it with exec. */
  companions(pid: number, shim: number | undefined): number[] {
    const cgroup = this.#now.processes.get(pid)?.cgroup
    const found = (shim === undefined ? [] : (this.#children.get(shim) ?? []))
      .filter((process) => process.cgroup === cgroup && !this.#claimed.has(process.pid))
      .map((process) => process.pid)
    for (const each of found) this.#claimed.add(each)
    return found
  }

  /** These processes with what they started. */
  trees(pids: readonly number[]): TreeNode[] {
    return pids.flatMap((pid) => {
      const process = this.#now.processes.get(pid)
      if (!process) return []
      const { name, argv } = process
      const command = argv.join(' ') || `[${name}]`
      return [this.tree(pid, { kind: 'process', name, details: { command } })]
    })
  }

  /** One process with what it started. When there is none, only what else is known. */
  tree(pid: number | undefined, what: Pick<TreeNode, 'kind' | 'name' | 'state' | 'details'>): TreeNode {
    const process = pid === undefined ? undefined : this.#now.processes.get(pid)
    if (!process) return { ...what, memory: 0, cpu: 0, children: [] }
    const children = (this.#children.get(process.pid) ?? [])
      .map((child) => child.pid)
      .filter((child) => !this.#claimed.has(child))
    return {
      ...what,
      pid: process.pid,
      memory: process.memory,
      cpu: this.#share(process),
      children: this.trees(children),
    }
  }

  /** Percent of one processor. Who was not there before has run in between. */
  #share({ pid, ran }: ProcessReading): number {
    const window = this.#now.at - this.#before.at
    const spent = ran - (this.#before.processes.get(pid)?.ran ?? 0)
    return window > 0 ? (Math.max(0, spent) / window) * 100 : 0
  }
}
