import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = ({ workspaceId }) => ({ workspace_id: workspaceId })
