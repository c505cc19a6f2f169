/** Organization roles, strongest first. */
export const roles = ['owner', 'admin', 'editor', 'viewer'] as const
export type Role = (typeof roles)[number]

/** Roles inside one workspace, strongest first. */
export const workspaceRoles = ['owner', 'admin', 'member'] as const
export type WorkspaceRole = (typeof workspaceRoles)[number]

/** The access matrix of SPEC section 1 as data: which roles may do what. */
export const permissions = {
  'intelligence:read': ['owner', 'admin', 'editor', 'viewer'],
  'intelligence:write': ['owner', 'admin', 'editor'],
  'projects:delete': ['owner', 'admin'],
  'agents:manage': ['owner', 'admin'],
  'workspace:manage': ['owner', 'admin'],
  'members:manage': ['owner', 'admin'],
  'keys:manage': ['owner', 'admin'],
  'organization:manage': ['owner', 'admin'],
  'audit:read': ['owner', 'admin'],
  'usage:read': ['owner', 'admin'],
  'billing:manage': ['owner'],
  'organization:delete': ['owner'],
} as const satisfies Record<string, readonly Role[]>

export type Permission = keyof typeof permissions
export const permissionNames = Object.keys(permissions) as Permission[]

/** What a role inside a workspace allows there, beside what the organization role allows. */
export const workspacePermissions = {
  'workspace:manage': ['owner', 'admin'],
} as const satisfies Partial<Record<Permission, readonly WorkspaceRole[]>>

/** Permissions that want a second factor of everyone who has one. */
export const assuredPermissions: ReadonlySet<Permission> = new Set([
  'members:manage',
  // Places in a workspace are memberships too.
  'workspace:manage',
  'keys:manage',
  'billing:manage',
  'organization:delete',
])

/** What an API key may be allowed: nothing by which it could make itself or others stronger. */
export const keyScopes = [
  'intelligence:read',
  'intelligence:write',
  'projects:delete',
  'agents:manage',
  'organization:manage',
  'audit:read',
  'usage:read',
] as const satisfies readonly Permission[]
export type KeyScope = (typeof keyScopes)[number]

/** What can be given to one member beyond their role: what is not the owner's alone. */
export const extraPermissions = permissionNames.filter((name) =>
  (permissions[name] as readonly Role[]).includes('admin'),
)

export function isAllowed(role: Role, permission: Permission): boolean {
  return (permissions[permission] as readonly Role[]).includes(role)
}

/** By role alone: what most requests need, made once. */
const byRole = new Map<Role, ReadonlySet<Permission>>(
  roles.map((role) => [role, new Set(permissionNames.filter((name) => isAllowed(role, name)))]),
)

/** Everything that a member may do: by their role, by what was given to them beyond it, and by their role in the workspace. */
export function permissionsOf(
  role: Role,
  extra: readonly Permission[],
  workspaceRole: WorkspaceRole | null,
): ReadonlySet<Permission> {
  const inWorkspace = (Object.keys(workspacePermissions) as (keyof typeof workspacePermissions)[]).filter(
    (name) =>
      workspaceRole !== null && (workspacePermissions[name] as readonly WorkspaceRole[]).includes(workspaceRole),
  )
  const allowed = byRole.get(role)!
  const further = [...extra, ...inWorkspace].filter((name) => !allowed.has(name))
  return further.length === 0 ? allowed : new Set([...allowed, ...further])
}
