import { updateContext as update } from '../../cluster/update-context.ts'
import { defineCommand } from '../command.ts'

export const updateContext = defineCommand({
  name: 'update-context',
  summary: 'Writes the kubeconfig entry of a running cluster anew',
  async run({ profile, home, output }) {
    const changed = await update(home, profile)
    output.step(
      'Done',
      changed
        ? `"${profile}" context has been updated.`
        : `No changes required for the "${profile}" context.`,
    )
    return 0
  },
})
