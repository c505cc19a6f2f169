import { readAsset } from '#shared/documentation/assets.ts'
import { notFound } from '#shared/domain/errors.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

const year = 'public, max-age=31536000, immutable'

export const respond: Respond<typeof route> = async (_context, { params, headers }) => {
  const asset = await readAsset(params.asset)
  if (!asset) throw notFound('File')
  return asset.answer(headers, year)
}
