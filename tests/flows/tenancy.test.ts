import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import {
  type Answer,
  type CallOptions,
  call,
  startTestProduct,
  type TestProduct,
  testPassword,
} from '../setup/product.ts'

interface Person {
  token: string
  email: string
  id: string
}

let product: TestProduct
let owner: postgres.Sql

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

const request = (person: Person | null, method: string, path: string, options: CallOptions = {}): Promise<Answer> =>
  call(product.url, method, path, { ...(person ? { token: person.token } : {}), ...options })

/** A call that must succeed; returns the body. */
async function done(person: Person, method: string, path: string, body?: unknown, headers = {}) {
  const answer = await request(person, method, path, { ...(body === undefined ? {} : { body }), headers })
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300)
  return answer.body
}

async function refused(person: Person, code: string, method: string, path: string, body?: unknown, headers = {}) {
  const answer = await request(person, method, path, { ...(body === undefined ? {} : { body }), headers })
  expect(answer.body.error?.code, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBe(code)
  return answer.body.error as { message: string; details: { field: string }[] }
}

async function signUp(email = `${newId()}@example.org`): Promise<Person> {
  const token = await product.signUp(email)
  const { body } = await call(product.url, 'GET', '/v1/users/me', { token })
  return { token, email, id: body.id }
}

async function newOrganization(name = 'Example'): Promise<{ person: Person; orgId: string; workspaceId: string }> {
  const person = await signUp()
  const { id: orgId } = await done(person, 'POST', '/v1/organizations', { name })
  const workspaces = await done(person, 'GET', '/v1/workspaces')
  return { person, orgId, workspaceId: workspaces.data[0].id }
}

/** Invites, signs up and accepts. */
async function join(inviter: Person, role: string): Promise<Person> {
  const email = `${newId()}@example.org`
  const { token } = await done(inviter, 'POST', '/v1/invitations', { email, role })
  const person = await signUp(email)
  await done(person, 'POST', '/v1/invitations/accept', { token })
  return person
}

describe('from the invitation to the removal', () => {
  test('someone comes, acts by their role, rises, is suspended, comes back, and is removed', async () => {
    const { person: boss, orgId, workspaceId } = await newOrganization('Blue team')
    const email = `Ada.${newId()}@Example.org`
    const created = await done(boss, 'POST', '/v1/invitations', { email, role: 'viewer', workspace_ids: [workspaceId] })
    expect(created.invitation).toMatchObject({ email, role: 'viewer', status: 'open', workspace_ids: [workspaceId] })
    expect(new URL(created.url).hash).toBe(`#token=${created.token}`)
    const [kept] = await owner`select i::text as row from invitations i where id = ${created.invitation.id}`
    expect(kept?.row).not.toContain(created.token)
    const preview = await call(product.url, 'POST', '/v1/invitations/preview', { body: { token: created.token } })
    expect(preview.body).toMatchObject({ organization_name: 'Blue team', role: 'viewer' })

    const ada = await signUp(email.toLowerCase())
    await refused(ada, 'PERMISSION_DENIED', 'GET', '/v1/projects')
    expect(await done(ada, 'POST', '/v1/invitations/accept', { token: created.token })).toMatchObject({
      id: orgId,
      role: 'viewer',
    })
    await refused(ada, 'NOT_FOUND', 'POST', '/v1/invitations/accept', { token: created.token })
    const listed = await done(boss, 'GET', '/v1/invitations')
    expect(listed.data[0]).toMatchObject({ id: created.invitation.id, status: 'accepted' })
    await refused(boss, 'CONFLICT', 'DELETE', `/v1/invitations/${created.invitation.id}`)

    await done(ada, 'GET', '/v1/projects')
    const missing = await refused(ada, 'PERMISSION_DENIED', 'POST', '/v1/projects', { name: 'Mine' })
    expect(missing.message).toContain('intelligence:write')
    await done(boss, 'PATCH', `/v1/members/${ada.id}`, { role: 'editor' })
    await done(ada, 'POST', '/v1/projects', { name: 'Mine' })
    await refused(ada, 'PERMISSION_DENIED', 'PATCH', `/v1/members/${ada.id}`, { role: 'admin' })
    await done(boss, 'PUT', `/v1/members/${ada.id}/permissions`, { permissions: ['members:manage'] })
    await refused(ada, 'PERMISSION_DENIED', 'PATCH', `/v1/members/${ada.id}`, { role: 'admin' })
    await refused(ada, 'PERMISSION_DENIED', 'PATCH', `/v1/members/${boss.id}`, { disabled: true })

    await done(boss, 'PATCH', `/v1/members/${ada.id}`, { disabled: true })
    await vi.waitFor(() => refused(ada, 'PERMISSION_DENIED', 'GET', '/v1/projects'), { timeout: 6000, interval: 200 })
    await done(boss, 'PATCH', `/v1/members/${ada.id}`, { disabled: false })
    await done(ada, 'GET', '/v1/projects')

    await done(boss, 'DELETE', `/v1/members/${ada.id}`)
    await vi.waitFor(() => refused(ada, 'PERMISSION_DENIED', 'GET', '/v1/projects'), { timeout: 6000, interval: 200 })
    await refused(ada, 'NOT_FOUND', 'GET', `/v1/organizations/${orgId}`)
    await refused(boss, 'NOT_FOUND', 'GET', `/v1/members/${ada.id}`)
    const audit =
      await owner`select action from audit_logs where org_id = ${orgId} and target_type in ('member', 'invitation') order by sequence`
    expect(audit.map(({ action }) => action)).toEqual([
      'invitation.created',
      'invitation.accepted',
      'member.updated',
      'member.permissions_set',
      'member.updated',
      'member.updated',
      'member.removed',
    ])
  })

  test('every way in which a token is no good is answered alike', async () => {
    const { person: boss } = await newOrganization()
    const someone = await signUp()
    const invite = () => done(boss, 'POST', '/v1/invitations', { email: someone.email, role: 'viewer' })
    const revoked = await invite()
    await done(boss, 'DELETE', `/v1/invitations/${revoked.invitation.id}`)
    const forged = `${revoked.token.slice(0, -4)}AAAA`
    const answers = await Promise.all(
      [revoked.token, forged, 'rfi_nonsense', 'x'].flatMap((token) => [
        refused(someone, 'NOT_FOUND', 'POST', '/v1/invitations/accept', { token }),
        refused(someone, 'NOT_FOUND', 'POST', '/v1/invitations/preview', { token }),
      ]),
    )
    expect(new Set(answers.map(({ message }) => message)).size).toBe(1)
    const open = await invite()
    await refused(boss, 'CONFLICT', 'POST', '/v1/invitations', { email: someone.email.toUpperCase(), role: 'viewer' })
    await refused(await signUp(), 'PERMISSION_DENIED', 'POST', '/v1/invitations/accept', { token: open.token })
    const twice = await Promise.all(
      [1, 2, 3].map(() => request(someone, 'POST', '/v1/invitations/accept', { body: { token: open.token } })),
    )
    expect(twice.map(({ status }) => status).sort()).toEqual([201, 404, 404])
    const again = await request(boss, 'POST', '/v1/invitations', { body: { email: someone.email, role: 'owner' } })
    expect(again.status).toBe(409)
  })

  test('two owners who demote each other at the same moment leave one', async () => {
    const { person: first, orgId } = await newOrganization()
    const second = await join(first, 'owner')
    const answers = await Promise.all([
      request(first, 'PATCH', `/v1/members/${second.id}`, { body: { role: 'viewer' } }),
      request(second, 'PATCH', `/v1/members/${first.id}`, { body: { role: 'viewer' } }),
    ])
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses[0]).toBe(200)
    expect([403, 409]).toContain(statuses[1])
    expect(await owner`select 1 from memberships where org_id = ${orgId} and role = 'owner'`).toHaveLength(1)
  })

  test('what was changed since it was read is not overwritten', async () => {
    const { person: boss, orgId } = await newOrganization()
    const path = `/v1/organizations/${orgId}`
    const { etag } = Object.fromEntries((await request(boss, 'GET', path)).headers)
    await done(
      boss,
      'PATCH',
      path,
      { name: 'Red team', settings: { time_zone: 'Asia/Kolkata' } },
      { 'if-match': etag! },
    )
    await refused(boss, 'PRECONDITION_FAILED', 'PATCH', path, { name: 'Green team' }, { 'if-match': etag! })
    expect(await done(boss, 'GET', path)).toMatchObject({
      name: 'Red team',
      role: 'owner',
      settings: { time_zone: 'Asia/Kolkata', locale: 'en', contact_email: null },
    })
  })
})

describe('workspaces', () => {
  test('are entered by header, query, path, or the first one, and what contradicts the path is refused', async () => {
    const { person: boss, workspaceId: first } = await newOrganization()
    const { id: second } = await done(boss, 'POST', '/v1/workspaces', { name: 'Second' })
    const create = (name: string, path: string, headers = {}) => done(boss, 'POST', path, { name }, headers)
    expect((await create('a', '/v1/projects')).workspace_id).toBe(first)
    expect((await create('b', '/v1/projects', { 'x-workspace-id': second })).workspace_id).toBe(second)
    expect((await create('c', `/v1/projects?workspace_id=${second}`)).workspace_id).toBe(second)
    const both = await create('d', `/v1/projects?workspace_id=${second}`, { 'x-workspace-id': first })
    expect(both.workspace_id).toBe(first)
    const path = `/v1/workspaces/${second}`
    await done(boss, 'GET', path)
    await done(boss, 'GET', path, undefined, { 'x-workspace-id': second.toUpperCase() })
    await refused(boss, 'VALIDATION_ERROR', 'GET', path, undefined, { 'x-workspace-id': first })
    await refused(boss, 'VALIDATION_ERROR', 'GET', `${path}?workspace_id=${first}`)
    await refused(boss, 'NOT_FOUND', 'GET', path, undefined, { 'x-workspace-id': newId() })
    await refused(boss, 'NOT_FOUND', 'GET', `/v1/workspaces/${newId()}`)
  })

  test('have members of their own, up to the role of who lets them in', async () => {
    const { person: boss, workspaceId } = await newOrganization()
    const { id: second } = await done(boss, 'POST', '/v1/workspaces', { name: 'Second' })
    const [chief, clerk] = [await join(boss, 'viewer'), await join(boss, 'viewer')]
    const members = `/v1/workspaces/${second}/members`
    await refused(chief, 'NOT_FOUND', 'GET', `/v1/workspaces/${second}`)
    await done(boss, 'POST', members, { user_id: chief.id, role: 'admin' })
    await refused(boss, 'CONFLICT', 'POST', members, { user_id: chief.id, role: 'member' })
    await done(chief, 'GET', `/v1/workspaces/${second}`)
    await done(chief, 'POST', members, { user_id: clerk.id, role: 'member' })
    await refused(chief, 'PERMISSION_DENIED', 'PATCH', `${members}/${clerk.id}`, { role: 'owner' })
    await refused(chief, 'PERMISSION_DENIED', 'PATCH', `${members}/${chief.id}`, { role: 'owner' })
    await refused(clerk, 'PERMISSION_DENIED', 'DELETE', `${members}/${chief.id}`)
    await refused(chief, 'PERMISSION_DENIED', 'DELETE', `${members}/${boss.id}`)
    // What one manages is this workspace, not the others and not the organization.
    await refused(chief, 'PERMISSION_DENIED', 'PATCH', `/v1/workspaces/${workspaceId}`, { name: 'Taken' })
    await refused(chief, 'PERMISSION_DENIED', 'POST', '/v1/workspaces', { name: 'Third' })
    await refused(chief, 'PERMISSION_DENIED', 'DELETE', `/v1/workspaces/${second}?confirm=Second`)
    expect((await done(chief, 'GET', members)).data).toHaveLength(3)
    await done(chief, 'DELETE', `${members}/${clerk.id}`)
    // The last owner may go: the organization's owners can always enter.
    await done(boss, 'DELETE', `${members}/${boss.id}`)
    await done(boss, 'PATCH', `/v1/workspaces/${second}`, { name: 'Renamed' })
    await refused(boss, 'CONFLICT', 'PATCH', `/v1/workspaces/${second}`, { name: 'General' })
  })

  test('go with all that is in them, but not the last one, not by a slip, and not two at once', async () => {
    const { person: boss, workspaceId: first } = await newOrganization()
    const { id: second } = await done(boss, 'POST', '/v1/workspaces', { name: 'Second' })
    await done(boss, 'POST', '/v1/projects', { name: 'Doomed' }, { 'x-workspace-id': second })
    await refused(boss, 'VALIDATION_ERROR', 'DELETE', `/v1/workspaces/${second}?confirm=second`)
    await refused(boss, 'VALIDATION_ERROR', 'DELETE', `/v1/workspaces/${second}`)
    const answers = await Promise.all([
      request(boss, 'DELETE', `/v1/workspaces/${first}?confirm=General`),
      request(boss, 'DELETE', `/v1/workspaces/${second}?confirm=Second`),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409])
    const [gone, jobId] = answers[0]!.status === 202 ? [first, answers[0]!.body.id] : [second, answers[1]!.body.id]
    const kept = gone === first ? second : first
    await vi.waitFor(async () => expect((await done(boss, 'GET', `/v1/jobs/${jobId}`)).status).toBe('succeeded'), {
      timeout: 15_000,
    })
    await vi.waitFor(() => refused(boss, 'NOT_FOUND', 'GET', `/v1/workspaces/${gone}`), { timeout: 6000 })
    expect((await done(boss, 'GET', '/v1/workspaces')).data.map(({ id }: { id: string }) => id)).toEqual([kept])
    expect(await owner`select 1 from projects where workspace_id = ${gone}`).toHaveLength(0)
    await refused(boss, 'CONFLICT', 'DELETE', `/v1/workspaces/${kept}?confirm=${kept === first ? 'General' : 'Second'}`)
  })
})

describe('leaving', () => {
  test('is open to everybody but the last owner, also to the suspended', async () => {
    const { person: boss, orgId } = await newOrganization()
    const [viewer, suspended] = [await join(boss, 'viewer'), await join(boss, 'editor')]
    const path = `/v1/organizations/${orgId}/leave`
    const { message } = await refused(boss, 'CONFLICT', 'POST', path)
    expect(message).toContain('owner')
    await done(boss, 'PATCH', `/v1/members/${suspended.id}`, { disabled: true })
    await done(viewer, 'POST', path)
    await done(suspended, 'POST', path)
    await refused(viewer, 'NOT_FOUND', 'POST', path)
    expect((await done(boss, 'GET', '/v1/members')).data.map(({ id }: { id: string }) => id)).toEqual([boss.id])
  })
})

describe('a person', () => {
  test('has a profile that is theirs to change, and no more of it than that', async () => {
    const me = await signUp()
    const profile = await done(me, 'PATCH', '/v1/users/me', {
      display_name: ' Ada ',
      locale: 'pt-br',
      preferences: { notifications: { muted_kinds: ['document.finished'] } },
    })
    expect(profile).toMatchObject({
      display_name: 'Ada',
      locale: 'pt-BR',
      time_zone: 'UTC',
      preferences: {
        theme: 'system',
        notifications: { in_app: true, email: true, muted_kinds: ['document.finished'] },
      },
    })
    await done(me, 'PATCH', '/v1/users/me', { preferences: { theme: 'dark', notifications: { email: false } } })
    const { preferences } = await done(me, 'GET', '/v1/users/me')
    expect(preferences).toEqual({
      theme: 'dark',
      notifications: { in_app: true, email: false, muted_kinds: ['document.finished'] },
    })
    for (const body of [
      { email: 'x@example.org' },
      { id: newId() },
      { operator_since: '2026-01-01T00:00:00Z' },
      { time_zone: 'Mars/Olympus' },
      { locale: 'no language' },
      { preferences: { admin: true } },
    ]) {
      await refused(me, 'VALIDATION_ERROR', 'PATCH', '/v1/users/me', body)
    }
  })

  test('is seen by colleagues without secrets, and by nobody else', async () => {
    const { person: boss } = await newOrganization()
    const colleague = await join(boss, 'viewer')
    const { person: stranger } = await newOrganization()
    const answer = await request(colleague, 'GET', `/v1/users/${boss.id}`)
    expect(Object.keys(answer.body).sort()).toEqual(['created_at', 'display_name', 'email', 'id'])
    expect(answer.headers.get('cache-control')).toBe('private, max-age=300')
    expect(answer.headers.get('vary')).toMatch(/authorization/i)
    await refused(stranger, 'NOT_FOUND', 'GET', `/v1/users/${boss.id}`)
  })

  test('is told what they may do, everywhere', async () => {
    const { person: boss, orgId, workspaceId } = await newOrganization('First')
    const me = await join(boss, 'viewer')
    const other = await done(me, 'POST', '/v1/organizations', { name: 'Own' })
    await done(boss, 'PUT', `/v1/members/${me.id}/permissions`, { permissions: ['audit:read'] })
    await done(boss, 'PATCH', `/v1/workspaces/${workspaceId}/members/${me.id}`, { role: 'admin' })
    const { assurance, data } = await done(me, 'GET', '/v1/users/me/permissions')
    expect(assurance).toEqual({ level: 'aal1', second_factor: false, missing_for: [] })
    expect(data.map((place: { organization_id: string }) => place.organization_id).sort()).toEqual(
      [orgId, other.id].sort(),
    )
    const place = (await done(me, 'GET', `/v1/users/me/permissions?organization_id=${orgId}`)).data
    expect(place).toEqual([
      {
        organization_id: orgId,
        organization_name: 'First',
        role: 'viewer',
        disabled: false,
        permissions: ['intelligence:read', 'audit:read'],
        workspaces: [
          {
            id: workspaceId,
            name: 'General',
            role: 'admin',
            permissions: ['intelligence:read', 'workspace:manage', 'audit:read'],
          },
        ],
      },
    ])
    const { orgId: foreign } = await newOrganization()
    await refused(me, 'NOT_FOUND', 'GET', `/v1/users/me/permissions?organization_id=${foreign}`)
  })

  test('takes along what is kept of them, from all their organizations and of nobody else', async () => {
    const { person: boss, orgId } = await newOrganization('Shared')
    const me = await join(boss, 'editor')
    await done(boss, 'POST', '/v1/projects', { name: 'Not mine' })
    const { id: projectId } = await done(me, 'POST', '/v1/projects', { name: 'Mine' })
    const { person: inviter } = await newOrganization('Elsewhere')
    await done(inviter, 'POST', '/v1/invitations', { email: me.email, role: 'admin' })
    const answer = await request(me, 'GET', '/v1/users/me/export')
    expect(answer.headers.get('content-disposition')).toContain('attachment')
    const data = answer.body
    expect(data.profile).toMatchObject({ id: me.id, email: me.email })
    expect(data.invitations.map(({ role }: { role: string }) => role)).toEqual(['editor', 'admin'])
    expect(data.organizations).toHaveLength(1)
    const [shared] = data.organizations
    expect(shared).toMatchObject({ organization_id: orgId, role: 'editor' })
    expect(shared.created).toMatchObject([{ kind: 'project', id: projectId, name: 'Mine' }])
    expect(shared.actions.map(({ action }: { action: string }) => action)).toContain('project.created')
    expect(JSON.stringify(data)).not.toContain('Not mine')
  })

  test('goes for good: out of every organization, and at the identity provider too', async () => {
    const { person: boss, orgId } = await newOrganization('Needs me')
    const me = await join(boss, 'owner')
    const own = await done(me, 'POST', '/v1/organizations', { name: 'Only mine' })
    await done(me, 'POST', '/v1/projects', { name: 'Stays' }, { 'x-org-id': orgId })
    const { message } = await refused(me, 'CONFLICT', 'DELETE', '/v1/users/me', { confirm: me.email })
    expect(message).toContain('"Only mine"')
    expect(message).not.toContain('Needs me')
    await refused(me, 'VALIDATION_ERROR', 'DELETE', '/v1/users/me', { confirm: 'somebody@example.org' })
    const heir = await signUp()
    const { token } = await done(
      me,
      'POST',
      '/v1/invitations',
      { email: heir.email, role: 'owner' },
      { 'x-org-id': own.id },
    )
    await done(heir, 'POST', '/v1/invitations/accept', { token })
    await done(me, 'DELETE', '/v1/users/me', { confirm: me.email })

    await vi.waitFor(() => refused(me, 'UNAUTHENTICATED', 'GET', '/v1/users/me'), { timeout: 6000, interval: 200 })
    expect(await owner`select 1 from users where email = ${me.email}`).toHaveLength(0)
    const members = await done(boss, 'GET', '/v1/members')
    expect(members.data.map(({ id }: { id: string }) => id)).toEqual([boss.id])
    expect((await done(boss, 'GET', '/v1/projects')).data).toHaveLength(1)
    const [entry] = await owner`
      select actor_id from audit_logs where org_id = ${orgId} and action = 'member.deleted_themselves'`
    expect(entry?.actor_id).toBe(me.id)

    const credentials = { email: me.email, password: testPassword }
    await vi.waitFor(
      async () => {
        await runCron('users-forget')
        const answer = await call(product.url, 'POST', '/v1/auth/token', { body: credentials })
        expect(answer.status).toBe(401)
      },
      { timeout: 15_000, interval: 300 },
    )
    // The address is free, and whoever takes it is somebody else.
    const successor = await signUp(me.email)
    expect(successor.id).not.toBe(me.id)
    await refused(successor, 'PERMISSION_DENIED', 'GET', '/v1/members')
  })
})

/** Calls a schedule's function as the scheduler does. */
async function runCron(name: string): Promise<void> {
  const token = await product.signPush(`${product.services.config.FUNCTIONS_URL}/${name}`)
  const scheduledAt = new Date().toISOString()
  const answer = await call(product.url, 'POST', `/functions/${name}`, {
    token,
    headers: { 'x-cloudscheduler': 'true', 'x-cloudscheduler-scheduletime': scheduledAt },
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
}

test("another organization's ids are nowhere to be found: in path, header, query and body", async () => {
  const mine = await newOrganization('Mine')
  const theirs = await newOrganization('Theirs')
  const colleague = await join(mine.person, 'viewer')
  const theirInvitation = await done(theirs.person, 'POST', '/v1/invitations', {
    email: `${newId()}@example.org`,
    role: 'viewer',
  })
  const me = mine.person
  const workspace = `/v1/workspaces/${mine.workspaceId}`
  const attempts: [method: string, path: string, body?: unknown, headers?: Record<string, string>][] = [
    ['GET', `/v1/organizations/${theirs.orgId}`],
    ['PATCH', `/v1/organizations/${theirs.orgId}`, { name: 'Taken' }],
    ['POST', `/v1/organizations/${theirs.orgId}/leave`],
    ['GET', `/v1/workspaces/${theirs.workspaceId}`],
    ['PATCH', `/v1/workspaces/${theirs.workspaceId}`, { name: 'Taken' }],
    ['DELETE', `/v1/workspaces/${theirs.workspaceId}?confirm=General`],
    ['GET', `/v1/workspaces/${theirs.workspaceId}/members`],
    ['POST', `/v1/workspaces/${theirs.workspaceId}/members`, { user_id: colleague.id, role: 'owner' }],
    ['POST', `${workspace}/members`, { user_id: theirs.person.id, role: 'member' }],
    ['PATCH', `${workspace}/members/${theirs.person.id}`, { role: 'admin' }],
    ['DELETE', `${workspace}/members/${theirs.person.id}`],
    ['GET', `/v1/members/${theirs.person.id}`],
    ['PATCH', `/v1/members/${theirs.person.id}`, { role: 'viewer' }],
    ['DELETE', `/v1/members/${theirs.person.id}`],
    ['PUT', `/v1/members/${theirs.person.id}/permissions`, { permissions: [] }],
    ['DELETE', `/v1/invitations/${theirInvitation.invitation.id}`],
    ['POST', '/v1/invitations', { email: 'x@example.org', role: 'viewer', workspace_ids: [theirs.workspaceId] }],
    ['GET', `/v1/users/${theirs.person.id}`],
    ['GET', '/v1/members', undefined, { 'x-org-id': theirs.orgId }],
    ['GET', '/v1/members', undefined, { 'x-workspace-id': theirs.workspaceId }],
    ['GET', `/v1/members?workspace_id=${theirs.workspaceId}`],
    ['GET', `/v1/users/me/permissions?organization_id=${theirs.orgId}`],
  ]
  for (const [method, path, body, headers] of attempts) await refused(me, 'NOT_FOUND', method, path, body, headers)
  expect((await done(me, 'GET', '/v1/invitations')).data).not.toContainEqual(
    expect.objectContaining({ id: theirInvitation.invitation.id }),
  )
  const cursor = (await done(me, 'GET', '/v1/members?page[size]=1')).meta.next_cursor
  await refused(theirs.person, 'VALIDATION_ERROR', 'GET', `/v1/members?page[cursor]=${encodeURIComponent(cursor)}`)
})
