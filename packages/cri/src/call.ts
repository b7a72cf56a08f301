/** How long one call may take and what cancels it. */
export interface CallOptions {
  signal?: AbortSignal
  /** Milliseconds; sent to the server as grpc-timeout too. No limit when absent. */
  timeout?: number
}

/**
 * What is needed to build a message: scalars left out travel as their proto3 defaults. Messages that come in always have
 * every scalar, list and map; only sub-messages may be absent.
 */
export type Init<T> = T extends Uint8Array
  ? T
  : T extends (infer E)[]
    ? Init<E>[]
    : T extends object
      ? { [K in keyof T]?: Init<T[K]> | undefined }
      : T
