import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async ({ health, log }) => {
  const body = await health.read({
    clock: () => performance.now(),
    now: () => new Date(),
    onProblem: (dependency, error) => log.warn('dependency is not well', { dependency, error }),
  })
  return { status: body.status === 'down' ? 503 : 200, body }
}
