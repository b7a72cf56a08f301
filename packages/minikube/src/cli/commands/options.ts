import { defineCommand } from '../command.ts'
import { optionsHelp } from '../help.ts'

export const options = defineCommand({
  name: 'options',
  summary: 'Shows the flags that every command takes',
  async run({ output }) {
    output.print(optionsHelp())
    return 0
  },
})
