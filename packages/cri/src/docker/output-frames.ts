const headLength = 8

/** Takes the engine's frames of both outputs apart; each piece is handed on as it comes, frames may be of any size. */
export class OutputFrames {
  readonly #deliver: (stream: 'stdout' | 'stderr', bytes: Buffer) => void
  #head: Buffer = Buffer.alloc(0)
  #left = 0
  #stream: 'stdout' | 'stderr' = 'stdout'

  constructor(deliver: (stream: 'stdout' | 'stderr', bytes: Buffer) => void) {
    this.#deliver = deliver
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const bytes = chunk.subarray(at, at + this.#left)
        this.#deliver(this.#stream, bytes)
        this.#left -= bytes.length
        at += bytes.length
        continue
      }
      const more = chunk.subarray(at, at + headLength - this.#head.length)
      this.#head = Buffer.concat([this.#head, more])
      at += more.length
      if (this.#head.length < headLength) return
      this.#stream = this.#head[0] === 2 ? 'stderr' : 'stdout'
      this.#left = this.#head.readUInt32BE(4)
      this.#head = Buffer.alloc(0)
    }
  }
}
