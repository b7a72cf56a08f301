/**
 * A body that does not have the shape of its kind. `message` is worded as upstream's JSON decoder words it; the API
 * server answers `BadRequest` with `<Kind> in version "<version>" cannot be handled as a <Kind>: <message>`.
 */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DecodeError'
  }
}
