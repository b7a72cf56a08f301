import { randomUUID } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import type { Home } from '../home.ts'
import { version } from '../version.ts'

export interface AuditedCommand {
  home: Home
  path: readonly string[]
  argv: readonly string[]
  profile: string
  user: string
  skip: boolean
}

const unlogged = new Set([
  'status',
  'version',
  'logs',
  'profile',
  'options',
  'completion',
  '__complete',
  'ledger',
  'tree',
])
const keptRows = 1000

/** Runs a command and adds its row to logs/audit.json, as minikube does; failing to do so fails nothing. */
export async function withAudit(command: AuditedCommand, run: () => Promise<number>): Promise<number> {
  if (command.skip || unlogged.has(command.path[0]!) || command.argv.includes('--purge')) return run()
  const startTime = new Date()
  try {
    return await run()
  } finally {
    await addRow(command, startTime).catch(() => {})
  }
}

async function addRow(command: AuditedCommand, startTime: Date): Promise<void> {
  const { home } = command
  const file = home.path('logs', 'audit.json')
  await home.mkdir(home.path('logs'))
  const row = {
    specversion: '1.0',
    id: randomUUID(),
    source: 'https://minikube.sigs.k8s.io/',
    type: 'io.k8s.sigs.minikube.audit',
    datacontenttype: 'application/json',
    data: {
      args: command.argv.join(' '),
      command: command.path.join(' '),
      endTime: new Date().toISOString(),
      id: randomUUID(),
      profile: command.profile,
      startTime: startTime.toISOString(),
      user: command.user || home.owner?.name || userInfo().username,
      version,
    },
  }
  await appendFile(file, `${JSON.stringify(row)}\n`)
  await home.give(file)
  const rows = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  if (rows.length > keptRows * 1.1) await home.write(file, `${rows.slice(-keptRows).join('\n')}\n`)
}
