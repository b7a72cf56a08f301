import type { ImageService, RuntimeService } from './generated/runtime-v1.ts'

/**
 * A container runtime as Kubernetes sees it: CRI v1's two services. Every method throws {@link CriError}. Times are
 * nanoseconds since the epoch, sizes bytes, timeouts in requests seconds.
 */
export interface CriClient extends RuntimeService, ImageService {
  close(): void
}
