import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { removeForwardRules } from '@minikube-ts/kubernetes/proxy/forward-policy.ts'
import { messageOf } from '../../error.ts'
import type { ChangeKind, ChangeOf } from './change.ts'

export const networkInterface: ChangeKind<ChangeOf<'interface'>> = {
  identity: ({ name }) => name,
  describe: ({ name }) => `make the network interface ${name}`,
  async undo(changes, node) {
    const stay = new Map<ChangeOf<'interface'>, string>()
    for (const change of changes) {
      if (!existsSync(`/sys/class/net/${change.name}`)) continue
      const ports = await readdir(`/sys/class/net/${change.name}/brif`).catch(() => [])
      // A port may vanish by itself while its network namespace is being torn down.
      for (const port of ports) await node.run(['ip', 'link', 'delete', port], { allowFailure: true })
      await node
        .run(['ip', 'link', 'delete', change.name])
        .catch((error: unknown) => stay.set(change, messageOf(error)))
    }
    return stay
  },
}

export const route: ChangeKind<ChangeOf<'route'>> = {
  identity: ({ destination, device }) => `${destination} ${device}`,
  describe: ({ destination, device }) => `make a route to ${destination} on ${device}`,
  async undo(changes, node) {
    // It goes with the address that it begins at; this is for one that was left.
    for (const { destination, device } of changes) {
      await node.run(['ip', 'route', 'delete', destination, 'dev', device], { allowFailure: true })
    }
    return new Map()
  },
}

export const forwardRules: ChangeKind<ChangeOf<'forward-rules'>> = {
  identity: ({ bridge }) => bridge,
  describe: ({ bridge }) => `let traffic of ${bridge} through where a firewall (Docker's) forbids forwarding`,
  async undo(changes) {
    const stay = new Map<ChangeOf<'forward-rules'>, string>()
    for (const change of changes) {
      await removeForwardRules(change.bridge).catch((error: unknown) => stay.set(change, messageOf(error)))
    }
    return stay
  },
}

export const nftTable: ChangeKind<ChangeOf<'nft-table'>> = {
  identity: ({ family, name }) => `${family} ${name}`,
  describe: ({ family, name }) => `make the nftables table ${family} ${name}`,
  async undo(changes, node) {
    const stay = new Map<ChangeOf<'nft-table'>, string>()
    for (const change of changes) {
      const { family, name } = change
      const there = await node
        .run(['nft', 'list', 'tables', family], { allowFailure: true })
        .catch(() => undefined)
      if (!there?.stdout.toString().split('\n').includes(`table ${family} ${name}`)) continue
      await node
        .run(['nft', 'delete', 'table', family, name])
        .catch((error: unknown) => stay.set(change, messageOf(error)))
    }
    return stay
  },
}
