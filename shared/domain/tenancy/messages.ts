import * as v from 'valibot'
import { Id } from '../ids.ts'
import { eventType } from '../messaging.ts'

/** There is a new workspace, the first of an organization or another; its envelope is of that workspace too. */
export const workspaceCreated = eventType('workspaces', 'workspace.created', v.object({ workspace_id: Id }))
