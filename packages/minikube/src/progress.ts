/** What slow work tells whoever shows it: a terminal, JSON events, a library's caller. */
export interface Progress {
  /** A stage begins; `name` is stable (JSON events use it), `message` is for people. */
  step(name: string, message: string): void
  info(message: string): void
  warn(message: string): void
  /** Share done of the current step, 0 to 1, where it is known. */
  fraction?(done: number, message?: string): void
}

export const silentProgress: Progress = { step() {}, info() {}, warn() {} }

/** Passed to everything slow. */
export interface Work {
  signal: AbortSignal
  progress: Progress
}
