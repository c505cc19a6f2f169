import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ params: { playbook_id: 'coverage-gaps' }, status: 200 })
