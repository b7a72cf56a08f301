import type { Client } from '../../client/client.ts'
import type { Logger } from '../../log.ts'
import type { Store } from '../../store/store.ts'
import type { Auth } from '../auth/auth.ts'
import { type AdmissionChain, createAdmissionChain } from './admission-chain.ts'
import type { AdmissionPlugin } from './admission-plugin.ts'

export interface AdmissionContext {
  store: Store
  client: Client
  auth: Auth
  log: Logger
  /** Milliseconds since the epoch. */
  now?: () => number
}

/** The plugins that are on by default, in upstream's order. */
export function createAdmission(_context: AdmissionContext): AdmissionChain {
  const plugins: AdmissionPlugin[] = []
  return createAdmissionChain(plugins)
}
