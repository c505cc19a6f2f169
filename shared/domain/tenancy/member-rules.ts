import { AppError } from '../errors.ts'
import type { Permission, Role, WorkspaceRole } from './permissions.ts'

/**
 * Whose place in the organization each role may make, change and end, and up to which role: given that it has
 * `members:manage`, by itself or as an extra permission.
 */
export const manages = {
  owner: ['owner', 'admin', 'editor', 'viewer'],
  admin: ['admin', 'editor', 'viewer'],
  editor: ['editor', 'viewer'],
  viewer: ['viewer'],
} as const satisfies Record<Role, readonly Role[]>

/** The same inside one workspace, given `workspace:manage` there; owners and admins of the organization act as its owners. */
export const managesInWorkspace = {
  owner: ['owner', 'admin', 'member'],
  admin: ['admin', 'member'],
  member: ['member'],
} as const satisfies Record<WorkspaceRole, readonly WorkspaceRole[]>

export function mayManage(actor: Role, other: Role): boolean {
  return (manages[actor] as readonly Role[]).includes(other)
}

export function mayManageInWorkspace(actor: WorkspaceRole, other: WorkspaceRole): boolean {
  return (managesInWorkspace[actor] as readonly WorkspaceRole[]).includes(other)
}

/** Someone who changes memberships, as they are at this moment. */
export interface Actor {
  userId: string
  role: Role
  permissions: ReadonlySet<Permission>
}

/** @throws AppError PERMISSION_DENIED unless the actor may manage each of these roles */
export function assertMayManage(actor: Actor, ...others: Role[]): void {
  const refused = others.find((role) => !mayManage(actor.role, role))
  if (refused === undefined) return
  throw new AppError('PERMISSION_DENIED', `Your role "${actor.role}" may not make, change or remove: ${refused}`)
}

/** @throws AppError PERMISSION_DENIED unless the actor may manage each of these roles in a workspace */
export function assertMayManageInWorkspace(actor: WorkspaceRole, ...others: WorkspaceRole[]): void {
  const refused = others.find((role) => !mayManageInWorkspace(actor, role))
  if (refused === undefined) return
  throw new AppError(
    'PERMISSION_DENIED',
    `As "${actor}" of this workspace you may not make, change or remove: ${refused}`,
  )
}

/** Nobody gives what they haven't got. @throws AppError PERMISSION_DENIED */
export function assertMayGive(actor: Actor, given: readonly Permission[]): void {
  const refused = given.filter((permission) => !actor.permissions.has(permission))
  if (refused.length === 0) return
  throw new AppError('PERMISSION_DENIED', `You can't give what you haven't got: ${refused.join(', ')}`)
}

/** The roles that open invitations of this person may still be for. */
export function mayInvite(person: Pick<Actor, 'role' | 'permissions'>): readonly Role[] {
  return person.permissions.has('members:manage') ? manages[person.role] : []
}
