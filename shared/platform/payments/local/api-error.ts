/** A refusal in the form of Razorpay's API. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly field: string | null

  constructor(status: number, description: string, field: string | null = null) {
    super(description)
    this.status = status
    this.code = status >= 500 ? 'SERVER_ERROR' : 'BAD_REQUEST_ERROR'
    this.field = field
  }

  toBody() {
    return {
      error: {
        code: this.code,
        description: this.message,
        source: 'business',
        step: 'payment_initiation',
        reason: 'input_validation_failed',
        metadata: {},
        ...(this.field === null ? {} : { field: this.field }),
      },
    }
  }
}

export function refused(description: string, field: string | null = null): ApiError {
  return new ApiError(400, description, field)
}

/** An unknown id is a bad request there, not a 404. */
export const unknownId = () => refused('The id provided does not exist')
