import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'
import { roles } from './permissions.ts'

const Name = v.pipe(PlainText, v.trim(), v.minLength(1, 'must not be empty'), v.maxLength(200))

export const Organization = v.strictObject({
  id: Id,
  name: v.string(),
  role: v.picklist(roles),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Organization = v.InferInput<typeof Organization>
export const OrganizationDraft = v.strictObject({ name: Name })

export const Workspace = v.strictObject({ id: Id, name: v.string(), created_at: Timestamp, updated_at: Timestamp })
export type Workspace = v.InferInput<typeof Workspace>
export const WorkspaceDraft = v.strictObject({ name: Name })

export const User = v.strictObject({
  id: Id,
  email: v.string(),
  display_name: v.nullable(v.string()),
  created_at: Timestamp,
})
export type User = v.InferInput<typeof User>

export const Project = v.strictObject({
  id: Id,
  workspace_id: Id,
  name: v.string(),
  description: v.string(),
  created_by: v.nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Project = v.InferInput<typeof Project>

const Description = v.pipe(PlainText, v.maxLength(4000))
export const ProjectDraft = v.strictObject({ name: Name, description: v.optional(Description, '') })
export const ProjectChange = v.strictObject({ name: v.optional(Name), description: v.optional(Description) })
