import { readFile } from 'node:fs/promises'
import { defaultInterface } from '../drivers/none/primary-address.ts'
import type { EngineContext } from '../engines/engine.ts'
import type { Node } from '../node/node.ts'

/** systemd-resolved's stub answers on an address that pods cannot reach; its real list lies here. */
const resolved = '/run/systemd/resolve/resolv.conf'

/** What the engine has to know of the machine. */
export async function nodeFacts(node: Node): Promise<Pick<EngineContext, 'resolvConf' | 'mtu'>> {
  const stub = await node.readFile(resolved)
  const outside = defaultInterface()
  const mtu =
    outside === undefined
      ? undefined
      : Number(await readFile(`/sys/class/net/${outside}/mtu`, 'utf8').catch(() => ''))
  return { resolvConf: stub ? resolved : '/etc/resolv.conf', mtu: mtu || undefined }
}
