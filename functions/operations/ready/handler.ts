import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }) => {
  await sql`select 1`
  return { status: 200, body: { status: 'ready' } }
}
