import { join } from 'node:path'
import { memoryJournal } from './journal.ts'
import { JournaledStore } from './journaled-store.ts'
import { SqliteJournal } from './sqlite-journal.ts'
import type { Store } from './store.ts'

/** Opens the store in `dataDir`, made if missing. @throws StoreFailure */
export function openStore(dataDir: string): Store {
  return new JournaledStore(new SqliteJournal(join(dataDir, 'state.db')))
}

/** A store that lives only as long as the process. */
export function memoryStore(): Store {
  return new JournaledStore(memoryJournal)
}
