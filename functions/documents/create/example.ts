import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ projectId }) => ({
  body: {
    file_name: 'report.pdf',
    content_type: 'application/pdf',
    size_bytes: 1000,
    project_id: projectId,
    tlp: 'GREEN',
  },
  status: 201,
})
