import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'
import { Locale, TimeZone } from './locale.ts'
import { permissionNames, roles, workspaceRoles } from './permissions.ts'

const kinds = v.pipe(v.array(v.pipe(PlainText, v.minLength(1), v.maxLength(100))), v.maxLength(50))
const themes = ['system', 'light', 'dark'] as const

/** What a person wants the product to be like; absent parts have their defaults. */
export const Preferences = v.object({
  theme: v.optional(v.picklist(themes), 'system'),
  notifications: v.optional(
    v.object({
      in_app: v.optional(v.boolean(), true),
      email: v.optional(v.boolean(), true),
      muted_kinds: v.pipe(
        v.optional(kinds, []),
        v.description('Kinds of notifications that are not wanted at all, such as `document.ready`'),
      ),
    }),
    {},
  ),
})
export type Preferences = v.InferOutput<typeof Preferences>

/** The signed-in person, as they see themselves. */
export const Profile = v.strictObject({
  id: Id,
  email: v.string(),
  display_name: v.nullable(v.string()),
  locale: v.string(),
  time_zone: v.string(),
  preferences: Preferences,
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Profile = v.InferInput<typeof Profile>

export const ProfileChange = v.strictObject({
  display_name: v.optional(
    v.nullable(v.pipe(PlainText, v.trim(), v.minLength(1, 'must not be empty'), v.maxLength(200))),
  ),
  locale: v.optional(Locale),
  time_zone: v.optional(TimeZone),
  preferences: v.optional(
    v.strictObject({
      theme: v.optional(v.picklist(themes)),
      notifications: v.optional(
        v.strictObject({
          in_app: v.optional(v.boolean()),
          email: v.optional(v.boolean()),
          muted_kinds: v.optional(kinds),
        }),
      ),
    }),
  ),
})
export type ProfileChange = v.InferOutput<typeof ProfileChange>

/** A person as their colleagues see them. */
export const Colleague = v.strictObject({
  id: Id,
  email: v.string(),
  display_name: v.nullable(v.string()),
  created_at: Timestamp,
})
export type Colleague = v.InferInput<typeof Colleague>

const Permissions = v.array(v.picklist(permissionNames))

/** What a person may do in one of their organizations. */
export const Place = v.strictObject({
  organization_id: Id,
  organization_name: v.string(),
  role: v.picklist(roles),
  disabled: v.pipe(v.boolean(), v.description('Suspended there: nothing of this may be done')),
  permissions: v.pipe(Permissions, v.description('In every workspace')),
  workspaces: v.array(
    v.strictObject({
      id: Id,
      name: v.string(),
      role: v.pipe(
        v.nullable(v.picklist(workspaceRoles)),
        v.description('Null where only the organization lets them in'),
      ),
      permissions: v.pipe(Permissions, v.description('In this workspace, those of the organization among them')),
    }),
  ),
})
export type Place = v.InferInput<typeof Place>

export const EffectivePermissions = v.strictObject({
  assurance: v.strictObject({
    level: v.pipe(v.string(), v.description('aal1, or aal2 after a second factor')),
    second_factor: v.pipe(v.boolean(), v.description('Whether the person has one')),
    missing_for: v.pipe(Permissions, v.description('Permissions that wait for the second factor in this session')),
  }),
  data: v.array(Place),
})
