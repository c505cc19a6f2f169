import { AppError } from '#shared/domain/errors.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async ({ health }) => {
  try {
    await health.check('database')
  } catch (cause) {
    throw new AppError('UNAVAILABLE', 'The database does not answer', [], { cause })
  }
  return { status: 200, body: { status: 'ready' } }
}
