import { clusterTrees } from '../../cluster/tree.ts'
import { defineCommand } from '../command.ts'
import { bool, choice, duration, text } from '../flag.ts'
import { drawTree } from '../output/draw-tree.ts'
import { wantsUnicode } from '../output/wants-unicode.ts'

const clearScreen = '\x1b[H\x1b[J'

export const tree = defineCommand({
  name: 'tree',
  summary: 'Draws what runs: host, driver, node, services, runtime, pods, processes',
  description:
    'Draws what runs, layer by layer: host, driver, node, our services, container runtime, pods with their shims, containers, processes.\nMemory is proportional (PSS: what is shared counts by its share); CPU is percent of one processor. A process shows its own, a layer all that is below it.',
  examples: ['minikube tree', 'minikube tree -n default --watch', 'minikube tree -o json'],
  flags: {
    output: choice(['text', 'json'], 'text', 'text or json', { short: 'o' }),
    namespace: text('', 'Pods of this namespace only', { short: 'n' }),
    'all-namespaces': bool(false, 'Pods of all namespaces, as without --namespace', { short: 'A' }),
    watch: bool(false, 'Draw it again after each interval', { short: 'w' }),
    interval: duration(1000, 'Over how long CPU is measured'),
  },
  async run({ flags, profile, home, output, env, work }) {
    const trees = clusterTrees(home, profile, {
      ...(flags.namespace && !flags['all-namespaces'] && { namespace: flags.namespace }),
      interval: Math.max(0, flags.interval),
      signal: work.signal,
    })
    const { isTTY, columns } = process.stdout
    const unicode = wantsUnicode(process.stdout, env)
    try {
      for await (const root of trees) {
        if (flags.output === 'json') output.print(JSON.stringify(root))
        else {
          const picture = drawTree(root, { unicode, ...(isTTY && { width: columns }) })
          output.print(flags.watch && isTTY ? `${clearScreen}${picture}` : picture)
        }
        if (!flags.watch) break
      }
    } catch (error) {
      // Who watches ends it so.
      if (!flags.watch || !work.signal.aborted) throw error
    }
    return 0
  },
})
