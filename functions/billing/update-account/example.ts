import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  body: {
    legal_name: 'Acme Threat Research Private Limited',
    email: 'accounts@acme.example',
    address_line_1: '1 MG Road',
    city: 'Bengaluru',
    postal_code: '560001',
    state_code: '29',
    gstin: '29AAGCB7383J1Z4',
  },
  status: 200,
})
