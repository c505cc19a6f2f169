import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newOrganization }) => ({
  params: { organization_id: (await newOrganization()).id },
  body: {
    plan_id: 'business',
    seats: 25,
    until: '2030-12-31T18:30:00.000Z',
    overrides: { documents: 20_000, runs: null },
  },
  status: 200,
})
