import type { AdmissionAttributes, AdmissionPlugin } from './admission-plugin.ts'
import { AdmissionRound } from './admission-round.ts'

/** Runs plugins in order. `admit` before the object's validation, `validate` after it; both stop at the first refusal. */
export interface AdmissionChain {
  admit(attributes: AdmissionAttributes): Promise<void>
  validate(attributes: AdmissionAttributes): Promise<void>
  close(): void
}

export function createAdmissionChain(plugins: readonly AdmissionPlugin[]): AdmissionChain {
  return {
    async admit(attributes) {
      const round = new AdmissionRound()
      do {
        for (const plugin of plugins) await plugin.admit?.(attributes, round)
      } while (round.next())
    },
    async validate(attributes) {
      for (const plugin of plugins) await plugin.validate?.(attributes)
    },
    close() {
      for (const plugin of plugins) plugin.close?.()
    },
  }
}
