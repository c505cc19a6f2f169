import { randomBytes } from 'node:crypto'
import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  body: {
    code: `LAUNCH-${randomBytes(6).toString('hex').toUpperCase()}`,
    percent_basis_points: 2_500,
    duration: 'once',
    maximum_redemptions: 100,
  },
  status: 201,
})
