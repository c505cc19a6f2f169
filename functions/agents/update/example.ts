import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  params: { agent: 'aesthete' },
  body: { enabled: true, instructions: 'Write for executives.', settings: { allowed_link_hosts: ['www.example.org'] } },
  status: 200,
})
