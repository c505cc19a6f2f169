export type PlatformErrorCode =
  | 'UNAVAILABLE'
  | 'NOT_FOUND'
  | 'INVALID_ARGUMENT'
  | 'CONNECTION_LOST'
  | 'ALREADY_RUNNING'
  | 'PERMISSION'
  | 'PORT_TAKEN'
  | 'DATA_DAMAGED'

/** A failure of something outside the program, with a stable code. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError'
  readonly code: PlatformErrorCode

  constructor(code: PlatformErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
