import { version } from '../../version.ts'
import { defineCommand } from '../command.ts'
import { bool, choice } from '../flag.ts'

export const versionCommand = defineCommand({
  name: 'version',
  summary: 'Prints the version of minikube',
  flags: {
    short: bool(false, 'Print just the version number'),
    components: bool(false, 'Print the versions of what runs inside, too'),
    output: choice(['', 'yaml', 'json'], '', 'yaml or json', { short: 'o' }),
  },
  async run({ flags, output }) {
    const info: Record<string, string> = { minikubeVersion: version, commit: '' }
    if (flags.components) {
      const { findEngine } = await import('../../engines/registry.ts')
      info.kubernetes = (await findEngine('embedded')).version
      info.node = process.version
    }
    if (flags.short) output.print(version)
    else if (flags.output === 'json') output.print(JSON.stringify(info))
    else if (flags.output === 'yaml')
      output.print(
        Object.entries(info)
          .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
          .join('\n'),
      )
    else {
      output.print(`minikube version: ${version}`)
      if (flags.components) output.print(`\nkubernetes: ${info.kubernetes}\nnode: ${info.node}`)
    }
    return 0
  },
})
