import { describe, expect, test } from 'vitest'
import {
  assertMayGive,
  assertMayManage,
  assertMayManageInWorkspace,
  mayInvite,
  mayManage,
  mayManageInWorkspace,
} from './member-rules.ts'
import { permissionsOf, type Role, roles, type WorkspaceRole, workspaceRoles } from './permissions.ts'

/** Written out by hand: whom each role may make, change and remove, once it may manage members at all. */
const table: Record<Role, Record<Role, boolean>> = {
  owner: { owner: true, admin: true, editor: true, viewer: true },
  admin: { owner: false, admin: true, editor: true, viewer: true },
  editor: { owner: false, admin: false, editor: true, viewer: true },
  viewer: { owner: false, admin: false, editor: false, viewer: true },
}

const workspaceTable: Record<WorkspaceRole, Record<WorkspaceRole, boolean>> = {
  owner: { owner: true, admin: true, member: true },
  admin: { owner: false, admin: true, member: true },
  member: { owner: false, admin: false, member: true },
}

const actor = (role: Role, extra: Parameters<typeof permissionsOf>[1] = []) => ({
  userId: 'u',
  role,
  permissions: permissionsOf(role, extra, null),
})

describe('in the organization', () => {
  for (const role of roles) {
    for (const other of roles) {
      const allowed = table[role][other]
      test(`${role} ${allowed ? 'may' : 'may not'} make, change and remove: ${other}`, () => {
        expect(mayManage(role, other)).toBe(allowed)
      })
    }
  }

  for (const role of roles) {
    for (const before of roles) {
      for (const after of roles) {
        const allowed = table[role][before] && table[role][after]
        test(`${role} ${allowed ? 'may' : 'may not'} turn ${before} into ${after}`, () => {
          const change = () => assertMayManage(actor(role), before, after)
          if (allowed) expect(change).not.toThrow()
          else expect(change).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED' }))
        })
      }
    }
  }
})

describe('in a workspace', () => {
  for (const role of workspaceRoles) {
    for (const other of workspaceRoles) {
      const allowed = workspaceTable[role][other]
      test(`${role} ${allowed ? 'may' : 'may not'} make, change and remove: ${other}`, () => {
        expect(mayManageInWorkspace(role, other)).toBe(allowed)
        const change = () => assertMayManageInWorkspace(role, other)
        if (allowed) expect(change).not.toThrow()
        else expect(change).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED' }))
      })
    }
  }
})

describe('giving', () => {
  test("nobody gives what they haven't got", () => {
    expect(() => assertMayGive(actor('viewer', ['members:manage']), ['members:manage'])).not.toThrow()
    expect(() => assertMayGive(actor('viewer', ['members:manage']), ['keys:manage'])).toThrow(/keys:manage/)
    expect(() => assertMayGive(actor('admin'), ['keys:manage', 'audit:read'])).not.toThrow()
    expect(() => assertMayGive(actor('admin'), ['billing:manage'])).toThrow(/billing:manage/)
  })

  test('who may not manage members invites nobody, who may invites up to themselves', () => {
    expect(mayInvite(actor('editor'))).toEqual([])
    expect(mayInvite(actor('editor', ['members:manage']))).toEqual(['editor', 'viewer'])
    expect(mayInvite(actor('admin'))).toEqual(['admin', 'editor', 'viewer'])
  })
})
