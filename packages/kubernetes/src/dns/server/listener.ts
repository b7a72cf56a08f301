/** A socket that clients reach the name server at. */
export interface Listener {
  readonly port: number
  close(): Promise<void>
}
