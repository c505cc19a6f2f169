import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ documentId }) => ({
  params: { document_id: documentId },
  body: { kinds: ['sigma', 'yara', 'suricata'], maximum_tlp: 'RED' },
  status: 201,
})
