import { existsSync } from 'node:fs'
import type { ChangeKind, ChangeOf } from './change.ts'

export const unit: ChangeKind<ChangeOf<'unit'>> = {
  identity: ({ name }) => name,
  describe: ({ name }) => `run the systemd unit ${name}, at boot too`,
  async undo(changes, node) {
    if (!existsSync('/run/systemd/system')) return new Map()
    for (const { name } of changes) {
      await node.run(['systemctl', 'disable', '--quiet', '--now', name], { allowFailure: true })
      await node.run(['systemctl', 'reset-failed', name], { allowFailure: true })
    }
    await node.run(['systemctl', 'daemon-reload'], { allowFailure: true })
    return new Map()
  },
}
