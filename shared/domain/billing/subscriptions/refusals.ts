import { AppError } from '../../errors.ts'
import { isRefusal } from '../refunds/send.ts'

/** What the gateway refuses is a conflict with how the mandate is, told in our words. @throws AppError CONFLICT */
export async function orConflict<Result>(asked: Promise<Result>, message: string): Promise<Result> {
  try {
    return await asked
  } catch (error) {
    if (isRefusal(error)) throw new AppError('CONFLICT', message, [], { cause: error })
    throw error
  }
}
