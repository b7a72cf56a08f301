import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { release } from 'node:os'
import type { ChangeKind, ChangeOf } from './change.ts'

type ModuleChange = ChangeOf<'kernel-module'>

export const kernelModule: ChangeKind<ModuleChange> = {
  shared: true,
  identity: ({ name }) => name,
  describe: ({ name, previous }) => `${previous === null ? 'load' : 'rely on'} the kernel module ${name}`,
  async apply(changes, node) {
    const { argv } = loadModulesCommand(changes.map(({ name }) => name))
    await node.run(argv)
  },
  async undo(changes, node) {
    const stay = new Map<ModuleChange, string>()
    for (const change of changes) {
      if (change.previous !== null || !existsSync(`/sys/module/${change.name}`)) continue
      const { exitCode } = await node.run(['modprobe', '--remove', change.name], { allowFailure: true })
      if (exitCode !== 0) stay.set(change, 'something else uses it by now')
    }
    return stay
  },
}

/**
 * Loads modules that are there; what is built into the kernel needs nothing. br_netfilter would send the frames of every
 * bridge on the machine through its firewall: ours asks for that by itself, so for the others it stays as it was.
 */
export function loadModulesCommand(names: readonly string[]): { argv: string[]; unless?: string } {
  const script = `for name; do
  [ -d "/sys/module/$name" ] && continue
  modprobe --quiet "$name" || continue
  [ "$name" = br_netfilter ] || continue
  for protocol in iptables ip6tables arptables; do echo 0 > "/proc/sys/net/bridge/bridge-nf-call-$protocol"; done
done 2>/dev/null
exit 0`
  return { argv: ['sh', '-c', script, 'sh', ...names] }
}

/** Changes for those that can be loaded; others are built in, or this kernel has no modules. */
export async function neededModules(names: readonly string[]): Promise<ModuleChange[]> {
  const directory = `/lib/modules/${release()}`
  if (!existsSync(directory)) return []
  const builtIn = await readFile(`${directory}/modules.builtin`, 'utf8').catch(() => '')
  const loaded = await readFile('/proc/modules', 'utf8').catch(() => '')
  return names
    .filter((name) => !new RegExp(`/${name.replaceAll('_', '[-_]')}\\.ko`).test(builtIn))
    .map((name) => ({
      kind: 'kernel-module',
      name,
      previous: new RegExp(`^${name} `, 'm').test(loaded) ? 'loaded' : null,
    }))
}
