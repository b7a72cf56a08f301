import { openCluster } from '../../cluster/cluster.ts'
import { followLogs, isProblem, logServices, tailLog } from '../../cluster/logs.ts'
import { loadProfile } from '../../cluster/profile-store.ts'
import { defineCommand } from '../command.ts'
import { bool, int, text } from '../flag.ts'

export const logs = defineCommand({
  name: 'logs',
  summary: 'Shows logs, to find out what is wrong',
  flags: {
    length: int(60, 'Lines of each log', { short: 'n', min: 1 }),
    follow: bool(false, 'Go on with what is written from now on', { short: 'f' }),
    problems: bool(false, 'Only lines that are likely to say what is wrong'),
    file: text('', 'Write to this file'),
    node: text('', 'Name of the node'),
    audit: bool(false, 'Only the audit log'),
    'last-start-only': bool(false, '', { hidden: true }),
  },
  async run({ flags, profile, home, output, work }) {
    const sections: string[] = []
    const audit = (await home.read(home.path('logs', 'audit.json'))) ?? ''
    sections.push(section('Audit', audit.trimEnd().split('\n').slice(-flags.length).map(auditLine)))
    if (!flags.audit) {
      const cluster = await openCluster(home, await loadProfile(home, profile))
      const wanted = (lines: string[]): string[] => (flags.problems ? lines.filter(isProblem) : lines)
      if (flags.problems) sections.length = 0
      for (const service of logServices) {
        const lines = await tailLog(cluster, service, flags.length)
        if (lines) sections.push(section(service, wanted(lines)))
      }
      if (!flags.file) for (const each of sections) output.print(each)
      if (flags.follow) {
        await followLogs(cluster, work.signal, (service, chunk) => {
          for (const line of wanted(chunk.trimEnd().split('\n'))) output.print(`${service}: ${line}`)
        })
        return 0
      }
    } else if (!flags.file) {
      for (const each of sections) output.print(each)
    }
    if (flags.file) {
      const { writeFile } = await import('node:fs/promises')
      await writeFile(flags.file, sections.join('\n'))
      output.step('Done', `Logs are in ${flags.file}.`)
    }
    return 0
  },
})

function section(title: string, lines: readonly string[]): string {
  return `==> ${title} <==\n${lines.join('\n')}\n`
}

function auditLine(line: string): string {
  try {
    const { data } = JSON.parse(line) as {
      data: { startTime: string; user: string; command: string; args: string }
    }
    return `${data.startTime}  ${data.user}  ${data.command} ${data.args}`
  } catch {
    return line
  }
}
