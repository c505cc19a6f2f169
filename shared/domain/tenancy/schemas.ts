import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'
import { Locale, TimeZone } from './locale.ts'
import { extraPermissions, permissionNames, roles, workspaceRoles } from './permissions.ts'

const Name = v.pipe(PlainText, v.trim(), v.minLength(1, 'must not be empty'), v.maxLength(200))
const EmailAddress = v.pipe(
  PlainText,
  v.trim(),
  v.email('must be an e-mail address'),
  v.maxLength(254, 'must have at most 254 characters'),
)

export const Organization = v.strictObject({
  id: Id,
  name: v.string(),
  status: v.pipe(
    v.picklist(['active', 'deleting']),
    v.description('`deleting`: only the job that removes it can be watched'),
  ),
  role: v.picklist(roles),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Organization = v.InferInput<typeof Organization>
export const OrganizationDraft = v.strictObject({ name: Name })

/** Settings of an organization; absent ones have their defaults. */
export const OrganizationSettings = v.object({
  locale: v.pipe(v.optional(Locale, 'en'), v.description('Language of what is written for the organization, BCP 47')),
  time_zone: v.pipe(v.optional(TimeZone, 'UTC'), v.description('Zone of its reports and schedules, IANA')),
  contact_email: v.pipe(
    v.optional(v.nullable(EmailAddress), null),
    v.description('Where others reach its security team'),
  ),
})
export type OrganizationSettings = v.InferOutput<typeof OrganizationSettings>

export const OrganizationDetail = v.strictObject({ ...Organization.entries, settings: OrganizationSettings })
export type OrganizationDetail = v.InferInput<typeof OrganizationDetail>
export const OrganizationChange = v.strictObject({
  name: v.optional(Name),
  settings: v.optional(
    v.strictObject({
      locale: v.optional(Locale),
      time_zone: v.optional(TimeZone),
      contact_email: v.optional(v.nullable(EmailAddress)),
    }),
  ),
})
export type OrganizationChange = v.InferOutput<typeof OrganizationChange>

export const Workspace = v.strictObject({ id: Id, name: v.string(), created_at: Timestamp, updated_at: Timestamp })
export type Workspace = v.InferInput<typeof Workspace>
export const WorkspaceDraft = v.strictObject({ name: Name })

export const WorkspaceMember = v.strictObject({
  id: v.pipe(Id, v.description('Id of the user')),
  email: v.string(),
  display_name: v.nullable(v.string()),
  role: v.picklist(workspaceRoles),
  joined_at: Timestamp,
})
export type WorkspaceMember = v.InferInput<typeof WorkspaceMember>
export const WorkspaceMemberDraft = v.strictObject({ user_id: Id, role: v.picklist(workspaceRoles) })
export const WorkspaceMemberChange = v.strictObject({ role: v.picklist(workspaceRoles) })

export const Member = v.strictObject({
  id: v.pipe(Id, v.description('Id of the user')),
  email: v.string(),
  display_name: v.nullable(v.string()),
  role: v.picklist(roles),
  disabled: v.pipe(v.boolean(), v.description('Suspended: keeps the place, and may do nothing')),
  permissions: v.pipe(v.array(v.picklist(permissionNames)), v.description('Given beyond what the role allows')),
  joined_at: Timestamp,
})
export type Member = v.InferInput<typeof Member>
export const MemberChange = v.strictObject({
  role: v.optional(v.picklist(roles)),
  disabled: v.optional(v.boolean()),
})
export const MemberPermissions = v.strictObject({
  permissions: v.pipe(
    v.array(v.picklist(extraPermissions)),
    v.maxLength(extraPermissions.length),
    v.description('All that is given beyond the role; what is not named is taken back'),
  ),
})

const invitationDays = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(30))
export const InvitationDraft = v.strictObject({
  email: EmailAddress,
  role: v.picklist(roles),
  workspace_ids: v.pipe(
    v.optional(v.pipe(v.array(Id), v.maxLength(100))),
    v.description('Workspaces that the person enters as a member; the workspace of the request when absent'),
  ),
  expires_in_days: v.optional(invitationDays, 7),
})
export const Invitation = v.strictObject({
  id: Id,
  email: v.string(),
  role: v.picklist(roles),
  workspace_ids: v.array(Id),
  status: v.picklist(['open', 'accepted', 'revoked', 'expired']),
  expires_at: Timestamp,
  accepted_at: v.nullable(Timestamp),
  created_by: v.nullable(Id),
  created_at: Timestamp,
})
export type Invitation = v.InferInput<typeof Invitation>
export const InvitationToken = v.strictObject({ token: v.pipe(PlainText, v.maxLength(500)) })
export const InvitationPreview = v.strictObject({
  organization_name: v.string(),
  role: v.picklist(roles),
  expires_at: Timestamp,
})
export type InvitationPreview = v.InferInput<typeof InvitationPreview>

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
