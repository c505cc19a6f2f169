import { describe, expect, test } from 'vitest'
import {
  assuredPermissions,
  extraPermissions,
  isAllowed,
  keyScopes,
  type Permission,
  permissionNames,
  permissionsOf,
  roles,
  type WorkspaceRole,
  workspaceRoles,
} from './permissions.ts'

/** The table of the specification, written out by hand: who may do what. */
const matrix: Record<Permission, readonly [owner: boolean, admin: boolean, editor: boolean, viewer: boolean]> = {
  // view projects and intelligence
  'intelligence:read': [true, true, true, true],
  // create and edit projects, documents, indicators, runs, reports
  'intelligence:write': [true, true, true, false],
  // delete project
  'projects:delete': [true, true, false, false],
  // manage members, API keys, feeds, webhooks, agents
  'members:manage': [true, true, false, false],
  'keys:manage': [true, true, false, false],
  'agents:manage': [true, true, false, false],
  'organization:manage': [true, true, false, false],
  'workspace:manage': [true, true, false, false],
  // see what others did and used
  'audit:read': [true, true, false, false],
  'usage:read': [true, true, false, false],
  // view and manage billing, delete organization
  'billing:manage': [true, false, false, false],
  'organization:delete': [true, false, false, false],
}

test('the table tells of every permission there is', () => {
  expect(Object.keys(matrix).sort()).toEqual([...permissionNames].sort())
})

for (const [permission, cells] of Object.entries(matrix) as [Permission, readonly boolean[]][]) {
  describe(permission, () => {
    for (const [index, role] of roles.entries()) {
      const allowed = cells[index]
      test(`${role} ${allowed ? 'has' : 'lacks'} it`, () => {
        expect(isAllowed(role, permission)).toBe(allowed)
        expect(permissionsOf(role, [], null).has(permission)).toBe(allowed)
      })
    }
  })
}

describe('beyond the role', () => {
  const inWorkspace: Record<WorkspaceRole, boolean> = { owner: true, admin: true, member: false }
  for (const workspaceRole of workspaceRoles) {
    test(`${workspaceRole} of a workspace ${inWorkspace[workspaceRole] ? 'manages' : 'does not manage'} it, and gets nothing else`, () => {
      const permissions = permissionsOf('viewer', [], workspaceRole)
      const expected = inWorkspace[workspaceRole] ? ['intelligence:read', 'workspace:manage'] : ['intelligence:read']
      expect([...permissions].sort()).toEqual(expected)
    })
  }

  test('an extra permission is added to what the role allows, and to nothing else', () => {
    expect([...permissionsOf('viewer', ['audit:read'], null)].sort()).toEqual(['audit:read', 'intelligence:read'])
  })

  test("what is the owner's alone can't be given to anybody else", () => {
    expect(extraPermissions).not.toContain('billing:manage')
    expect(extraPermissions).not.toContain('organization:delete')
  })

  test('no key can be given what would make it or others stronger, nor what is the owners alone', () => {
    for (const forbidden of [
      'members:manage',
      'keys:manage',
      'workspace:manage',
      'billing:manage',
      'organization:delete',
    ]) {
      expect(keyScopes).not.toContain(forbidden)
    }
  })

  test('billing, keys, members, places in workspaces and deletion want a second factor of those who have one', () => {
    expect([...assuredPermissions].sort()).toEqual([
      'billing:manage',
      'keys:manage',
      'members:manage',
      'organization:delete',
      'workspace:manage',
    ])
  })
})
