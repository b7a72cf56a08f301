import { isReason } from '../api/api-error.ts'

/** Runs `attempt` again, at most `times` times in all, while another writer was faster. Each attempt reads anew. */
export async function retryOnConflict<T>(attempt: () => Promise<T>, times = 5): Promise<T> {
  for (let left = times - 1; ; left--) {
    try {
      return await attempt()
    } catch (error) {
      if (left <= 0 || !isReason(error, 'Conflict')) throw error
    }
  }
}
