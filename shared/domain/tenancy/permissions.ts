/** Organization roles, strongest first. */
export const roles = ['owner', 'admin', 'editor', 'viewer'] as const
export type Role = (typeof roles)[number]

/** The access matrix of SPEC section 1 as data: which roles may do what. */
export const permissions = {
  'intelligence:read': ['owner', 'admin', 'editor', 'viewer'],
  'intelligence:write': ['owner', 'admin', 'editor'],
  'projects:delete': ['owner', 'admin'],
  'organization:manage': ['owner', 'admin'],
  'billing:manage': ['owner'],
  'organization:delete': ['owner'],
} as const satisfies Record<string, readonly Role[]>

export type Permission = keyof typeof permissions

export function isAllowed(role: Role, permission: Permission): boolean {
  return (permissions[permission] as readonly Role[]).includes(role)
}
