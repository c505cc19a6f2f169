import { collectPersonalData } from '#shared/domain/tenancy/personal-data.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, enter, now }) => ({
  status: 200,
  body: await collectPersonalData(sql, enter, principal.userId, now),
  headers: { 'content-disposition': 'attachment; filename="raptorflow-personal-data.json"' },
})
