import { setTimeout as delay } from 'node:timers/promises'
import { identityOf, isAlive, type ProcessIdentity } from '../supervisor/process-table.ts'

/** A killed process needs a moment to go. They are not our children, so nothing tells when; it is looked, briefly. */
const patience = 5000
const glance = 10

/**
 * Kills what `list` names until it names nobody, so that what forks meanwhile goes too. Those that do not go (in an
 * uninterruptible wait) are returned.
 */
export async function endProcesses(list: () => Promise<number[]>): Promise<number[]> {
  const deadline = performance.now() + patience
  for (;;) {
    const alive = (await list()).flatMap((pid) => identityOf(pid) ?? [])
    if (alive.length === 0) return []
    if (performance.now() > deadline) return alive.map(({ pid }) => pid)
    for (const identity of alive) kill(identity)
    await delay(glance)
  }
}

function kill(identity: ProcessIdentity): void {
  try {
    if (isAlive(identity)) process.kill(identity.pid, 'SIGKILL')
  } catch {
    // It has gone by itself.
  }
}
