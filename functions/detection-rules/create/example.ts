import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ readEvidence }) => ({
  body: {
    kind: 'yara',
    name: 'Dropper',
    content: `rule Dropper { strings: $a = "${crypto.randomUUID()}" condition: $a }`,
    tlp: 'RED',
    evidence_ids: [(await readEvidence()).id],
  },
  status: 201,
})
