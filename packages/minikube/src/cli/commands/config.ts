import { MinikubeError } from '../../error.ts'
import { type Command, defineCommand } from '../command.ts'
import { text } from '../flag.ts'
import { parseFlags } from '../parse-flags.ts'
import { readSettings, writeSettings } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

/** Settings that are no flags of `start`. */
const others = [
  'WantUpdateNotification',
  'WantBetaUpdateNotification',
  'ReminderWaitPeriodInHours',
  'WantNoneDriverWarning',
  'WantVirtualBoxDriverWarning',
  'MaxAuditEntries',
  'EmbedCerts',
  'profile',
  'v',
  'log_dir',
]

const get: Command = defineCommand({
  name: 'get',
  summary: 'Prints a value',
  usage: 'NAME',
  args: { min: 1, max: 1 },
  async run({ args, home, output }) {
    const settings = await readSettings(home)
    const value = settings[args[0]!]
    if (value === undefined)
      throw new UsageError(
        `there is no value for "${args[0]}"`,
        "'minikube config view' shows those that there are.",
      )
    output.print(String(value))
    return 0
  },
})

const set: Command = defineCommand({
  name: 'set',
  summary: 'Keeps a value for a flag',
  usage: 'NAME VALUE',
  args: { min: 2, max: 2 },
  examples: ['minikube config set driver none'],
  async run({ args, home, output }) {
    const [name, value] = args as [string, string]
    const checked = await checkSetting(name, value)
    await writeSettings(home, { ...(await readSettings(home)), [name]: checked })
    output.warn("It is used from the next 'minikube start' on.")
    return 0
  },
})

const unset: Command = defineCommand({
  name: 'unset',
  summary: 'Forgets a value',
  usage: 'NAME',
  args: { min: 1, max: 1 },
  async run({ args, home }) {
    const { [args[0]!]: _, ...rest } = await readSettings(home)
    await writeSettings(home, rest)
    return 0
  },
})

const view: Command = defineCommand({
  name: 'view',
  summary: 'Prints all values',
  flags: { format: text('- {{.ConfigKey}}: {{.ConfigValue}}', 'Template for one value') },
  async run({ flags, home, output }) {
    const { renderTemplate } = await import('../go-template.ts')
    for (const [ConfigKey, ConfigValue] of Object.entries(await readSettings(home))) {
      output.print(renderTemplate(flags.format, { ConfigKey, ConfigValue }))
    }
    return 0
  },
})

export const config = defineCommand({
  name: 'config',
  summary: 'Keeps values for flags',
  description: "Keeps values that flags have from then on, e.g. 'minikube config set driver none'.",
  commands: [get, set, unset, view].map((command) => ({
    name: command.name,
    summary: command.summary,
    load: async () => command,
  })),
})

/** The value as it is to be kept; a flag's own rules decide. */
async function checkSetting(name: string, value: string): Promise<unknown> {
  if (others.includes(name)) return value
  const { start } = await import('./start.ts')
  const flag = start.flags?.[name]
  if (!flag) {
    throw new MinikubeError('MK_CONFIG_SET', `"${name}" is no setting`, {
      advice: "Settings are called like the flags of 'minikube start --help'.",
    })
  }
  return parseFlags({ [name]: flag }, [`--${name}=${value}`], { env: {}, config: {} }).values[name]
}
