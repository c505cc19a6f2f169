import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newOrganization }) => ({
  params: { organization_id: (await newOrganization()).id },
  body: { tax_treatment: 'standard' },
  status: 200,
})
