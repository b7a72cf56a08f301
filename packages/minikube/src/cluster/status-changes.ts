import type { Home } from '../home.ts'
import { waitForSocket } from '../node/supervisor/wait-for-socket.ts'
import { openCluster } from './cluster.ts'
import { loadProfile } from './profile-store.ts'

/** Yields whenever something of the cluster's status may have changed. Ends with the signal. */
export async function* statusChanges(home: Home, name: string, signal: AbortSignal): AsyncGenerator<void> {
  const cluster = await openCluster(home, await loadProfile(home, name))
  while (!signal.aborted) {
    try {
      for await (const _ of cluster.supervisor.events(signal)) yield
    } catch {
      if (signal.aborted) return
    }
    yield
    ;(await waitForSocket(cluster.layout.supervisorSocket, signal)).destroy()
  }
}
