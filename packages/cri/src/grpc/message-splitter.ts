/** Cuts gRPC's length-prefixed messages (any size) out of a byte stream. */
export class MessageSplitter {
  private readonly deliver: (message: Buffer) => void
  private chunks: Buffer[] = []
  private length = 0

  constructor(deliver: (message: Buffer) => void) {
    this.deliver = deliver
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.length += chunk.length
    while (this.length >= 5) {
      const head = this.chunks[0]!.length >= 5 ? this.chunks[0]! : this.join()
      const size = head.readUInt32BE(1)
      if (this.length < 5 + size) return
      const all = this.join()
      this.deliver(all.subarray(5, 5 + size))
      const rest = all.subarray(5 + size)
      this.chunks = rest.length > 0 ? [rest] : []
      this.length = rest.length
    }
  }

  private join(): Buffer {
    const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks)
    this.chunks = [all]
    return all
  }
}
