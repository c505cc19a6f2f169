import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { peopleOf } from '../setup/people.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct
let owner: postgres.Sql
let people: ReturnType<typeof peopleOf>

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  people = peopleOf(product)
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

describe('from the invitation to the removal', () => {
  test('someone comes, acts by their role, rises, is suspended, comes back, and is removed', async () => {
    const { person: boss, orgId, workspaceId } = await people.newOrganization('Blue team')
    const email = `Ada.${newId()}@Example.org`
    const created = await people.done(boss, 'POST', '/v1/invitations', {
      email,
      role: 'viewer',
      workspace_ids: [workspaceId],
    })
    expect(created.invitation).toMatchObject({ email, role: 'viewer', status: 'open', workspace_ids: [workspaceId] })
    expect(new URL(created.url).hash).toBe(`#token=${created.token}`)
    const [kept] = await owner`select i::text as row from invitations i where id = ${created.invitation.id}`
    expect(kept?.row).not.toContain(created.token)
    const preview = await call(product.url, 'POST', '/v1/invitations/preview', { body: { token: created.token } })
    expect(preview.body).toMatchObject({ organization_name: 'Blue team', role: 'viewer' })

    const ada = await people.signUp(email.toLowerCase())
    await people.refused(ada, 'PERMISSION_DENIED', 'GET', '/v1/projects')
    expect(await people.done(ada, 'POST', '/v1/invitations/accept', { token: created.token })).toMatchObject({
      id: orgId,
      role: 'viewer',
    })
    await people.refused(ada, 'NOT_FOUND', 'POST', '/v1/invitations/accept', { token: created.token })
    const listed = await people.done(boss, 'GET', '/v1/invitations')
    expect(listed.data[0]).toMatchObject({ id: created.invitation.id, status: 'accepted' })
    await people.refused(boss, 'CONFLICT', 'DELETE', `/v1/invitations/${created.invitation.id}`)

    await people.done(ada, 'GET', '/v1/projects')
    const missing = await people.refused(ada, 'PERMISSION_DENIED', 'POST', '/v1/projects', { name: 'Mine' })
    expect(missing.message).toContain('intelligence:write')
    await people.done(boss, 'PATCH', `/v1/members/${ada.id}`, { role: 'editor' })
    await people.done(ada, 'POST', '/v1/projects', { name: 'Mine' })
    await people.refused(ada, 'PERMISSION_DENIED', 'PATCH', `/v1/members/${ada.id}`, { role: 'admin' })
    await people.done(boss, 'PUT', `/v1/members/${ada.id}/permissions`, { permissions: ['members:manage'] })
    await people.refused(ada, 'PERMISSION_DENIED', 'PATCH', `/v1/members/${ada.id}`, { role: 'admin' })
    await people.refused(ada, 'PERMISSION_DENIED', 'PATCH', `/v1/members/${boss.id}`, { disabled: true })

    await people.done(boss, 'PATCH', `/v1/members/${ada.id}`, { disabled: true })
    await vi.waitFor(() => people.refused(ada, 'PERMISSION_DENIED', 'GET', '/v1/projects'), {
      timeout: 6000,
      interval: 200,
    })
    await people.done(boss, 'PATCH', `/v1/members/${ada.id}`, { disabled: false })
    await people.done(ada, 'GET', '/v1/projects')

    await people.done(boss, 'DELETE', `/v1/members/${ada.id}`)
    await vi.waitFor(() => people.refused(ada, 'PERMISSION_DENIED', 'GET', '/v1/projects'), {
      timeout: 6000,
      interval: 200,
    })
    await people.refused(ada, 'NOT_FOUND', 'GET', `/v1/organizations/${orgId}`)
    await people.refused(boss, 'NOT_FOUND', 'GET', `/v1/members/${ada.id}`)
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
    const { person: boss } = await people.newOrganization()
    const someone = await people.signUp()
    const invite = () => people.done(boss, 'POST', '/v1/invitations', { email: someone.email, role: 'viewer' })
    const revoked = await invite()
    await people.done(boss, 'DELETE', `/v1/invitations/${revoked.invitation.id}`)
    const forged = `${revoked.token.slice(0, -4)}AAAA`
    const answers = await Promise.all(
      [revoked.token, forged, 'rfi_nonsense', 'x'].flatMap((token) => [
        people.refused(someone, 'NOT_FOUND', 'POST', '/v1/invitations/accept', { token }),
        people.refused(someone, 'NOT_FOUND', 'POST', '/v1/invitations/preview', { token }),
      ]),
    )
    expect(new Set(answers.map(({ message }) => message)).size).toBe(1)
    const open = await invite()
    await people.refused(boss, 'CONFLICT', 'POST', '/v1/invitations', {
      email: someone.email.toUpperCase(),
      role: 'viewer',
    })
    await people.refused(await people.signUp(), 'PERMISSION_DENIED', 'POST', '/v1/invitations/accept', {
      token: open.token,
    })
    const twice = await Promise.all(
      [1, 2, 3].map(() => people.request(someone, 'POST', '/v1/invitations/accept', { body: { token: open.token } })),
    )
    expect(twice.map(({ status }) => status).sort()).toEqual([201, 404, 404])
    const again = await people.request(boss, 'POST', '/v1/invitations', {
      body: { email: someone.email, role: 'owner' },
    })
    expect(again.status).toBe(409)
  })

  test('two owners who demote each other at the same moment leave one', async () => {
    const { person: first, orgId } = await people.newOrganization()
    const second = await people.join(first, 'owner')
    const answers = await Promise.all([
      people.request(first, 'PATCH', `/v1/members/${second.id}`, { body: { role: 'viewer' } }),
      people.request(second, 'PATCH', `/v1/members/${first.id}`, { body: { role: 'viewer' } }),
    ])
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses[0]).toBe(200)
    expect([403, 409]).toContain(statuses[1])
    expect(await owner`select 1 from memberships where org_id = ${orgId} and role = 'owner'`).toHaveLength(1)
  })

  test('who has just lost the right undoes nothing in the seconds for which an identity is believed', async () => {
    const { person: boss, orgId } = await people.newOrganization('Kept')
    const { id: second } = await people.done(boss, 'POST', '/v1/workspaces', { name: 'Second' })
    const former = await people.join(boss, 'owner')
    await people.done(former, 'GET', `/v1/workspaces/${second}`)
    await people.done(boss, 'PATCH', `/v1/members/${former.id}`, { role: 'viewer' })
    for (const [method, path, body] of [
      ['DELETE', `/v1/organizations/${orgId}?confirm=Kept`],
      ['DELETE', `/v1/workspaces/${second}?confirm=Second`],
      ['POST', '/v1/workspaces', { name: 'Third' }],
      ['POST', '/v1/api-keys', { name: 'For later', scopes: ['intelligence:read'] }],
      ['POST', '/v1/invitations', { email: `${newId()}@example.org`, role: 'viewer' }],
    ] as const) {
      const answer = await people.request(former, method, path, body ? { body } : {})
      expect([method, path, answer.status].join(' ')).toMatch(/ (403|404)$/)
    }
    await people.done(boss, 'GET', `/v1/workspaces/${second}`)
  })

  test('what was changed since it was read is not overwritten', async () => {
    const { person: boss, orgId } = await people.newOrganization()
    const path = `/v1/organizations/${orgId}`
    const { etag } = Object.fromEntries((await people.request(boss, 'GET', path)).headers)
    await people.done(
      boss,
      'PATCH',
      path,
      { name: 'Red team', settings: { time_zone: 'Asia/Kolkata' } },
      { 'if-match': etag! },
    )
    await people.refused(boss, 'PRECONDITION_FAILED', 'PATCH', path, { name: 'Green team' }, { 'if-match': etag! })
    expect(await people.done(boss, 'GET', path)).toMatchObject({
      name: 'Red team',
      role: 'owner',
      settings: { time_zone: 'Asia/Kolkata', locale: 'en', contact_email: null },
    })
  })
})

describe('workspaces', () => {
  test('are entered by header, query, path, or the first one, and what contradicts the path is refused', async () => {
    const { person: boss, workspaceId: first } = await people.newOrganization()
    const { id: second } = await people.done(boss, 'POST', '/v1/workspaces', { name: 'Second' })
    const create = (name: string, path: string, headers = {}) => people.done(boss, 'POST', path, { name }, headers)
    expect((await create('a', '/v1/projects')).workspace_id).toBe(first)
    expect((await create('b', '/v1/projects', { 'x-workspace-id': second })).workspace_id).toBe(second)
    expect((await create('c', `/v1/projects?workspace_id=${second}`)).workspace_id).toBe(second)
    const both = await create('d', `/v1/projects?workspace_id=${second}`, { 'x-workspace-id': first })
    expect(both.workspace_id).toBe(first)
    const path = `/v1/workspaces/${second}`
    await people.done(boss, 'GET', path)
    await people.done(boss, 'GET', path, undefined, { 'x-workspace-id': second.toUpperCase() })
    await people.refused(boss, 'VALIDATION_ERROR', 'GET', path, undefined, { 'x-workspace-id': first })
    await people.refused(boss, 'VALIDATION_ERROR', 'GET', `${path}?workspace_id=${first}`)
    await people.refused(boss, 'NOT_FOUND', 'GET', path, undefined, { 'x-workspace-id': newId() })
    await people.refused(boss, 'NOT_FOUND', 'GET', `/v1/workspaces/${newId()}`)
  })

  test('have members of their own, up to the role of who lets them in', async () => {
    const { person: boss, workspaceId } = await people.newOrganization()
    const { id: second } = await people.done(boss, 'POST', '/v1/workspaces', { name: 'Second' })
    const [chief, clerk] = [await people.join(boss, 'viewer'), await people.join(boss, 'viewer')]
    const members = `/v1/workspaces/${second}/members`
    await people.refused(chief, 'NOT_FOUND', 'GET', `/v1/workspaces/${second}`)
    await people.done(boss, 'POST', members, { user_id: chief.id, role: 'admin' })
    await people.refused(boss, 'CONFLICT', 'POST', members, { user_id: chief.id, role: 'member' })
    await people.done(chief, 'GET', `/v1/workspaces/${second}`)
    await people.done(chief, 'POST', members, { user_id: clerk.id, role: 'member' })
    await people.refused(chief, 'PERMISSION_DENIED', 'PATCH', `${members}/${clerk.id}`, { role: 'owner' })
    await people.refused(chief, 'PERMISSION_DENIED', 'PATCH', `${members}/${chief.id}`, { role: 'owner' })
    await people.refused(clerk, 'PERMISSION_DENIED', 'DELETE', `${members}/${chief.id}`)
    await people.refused(chief, 'PERMISSION_DENIED', 'DELETE', `${members}/${boss.id}`)
    // What one manages is this workspace, not the others and not the organization.
    await people.refused(chief, 'PERMISSION_DENIED', 'PATCH', `/v1/workspaces/${workspaceId}`, { name: 'Taken' })
    await people.refused(chief, 'PERMISSION_DENIED', 'POST', '/v1/workspaces', { name: 'Third' })
    await people.refused(chief, 'PERMISSION_DENIED', 'DELETE', `/v1/workspaces/${second}?confirm=Second`)
    expect((await people.done(chief, 'GET', members)).data).toHaveLength(3)
    await people.done(chief, 'DELETE', `${members}/${clerk.id}`)
    // The last owner may go: the organization's owners can always enter.
    await people.done(boss, 'DELETE', `${members}/${boss.id}`)
    await people.done(boss, 'PATCH', `/v1/workspaces/${second}`, { name: 'Renamed' })
    await people.refused(boss, 'CONFLICT', 'PATCH', `/v1/workspaces/${second}`, { name: 'General' })
  })

  test('go with all that is in them, but not the last one, not by a slip, and not two at once', async () => {
    const { person: boss, workspaceId: first } = await people.newOrganization()
    const { id: second } = await people.done(boss, 'POST', '/v1/workspaces', { name: 'Second' })
    await people.done(boss, 'POST', '/v1/projects', { name: 'Doomed' }, { 'x-workspace-id': second })
    await people.refused(boss, 'VALIDATION_ERROR', 'DELETE', `/v1/workspaces/${second}?confirm=second`)
    await people.refused(boss, 'VALIDATION_ERROR', 'DELETE', `/v1/workspaces/${second}`)
    const answers = await Promise.all([
      people.request(boss, 'DELETE', `/v1/workspaces/${first}?confirm=General`),
      people.request(boss, 'DELETE', `/v1/workspaces/${second}?confirm=Second`),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409])
    const [gone, jobId] = answers[0]!.status === 202 ? [first, answers[0]!.body.id] : [second, answers[1]!.body.id]
    const kept = gone === first ? second : first
    await vi.waitFor(
      async () => expect((await people.done(boss, 'GET', `/v1/jobs/${jobId}`)).status).toBe('succeeded'),
      {
        timeout: 15_000,
      },
    )
    await vi.waitFor(() => people.refused(boss, 'NOT_FOUND', 'GET', `/v1/workspaces/${gone}`), { timeout: 6000 })
    expect((await people.done(boss, 'GET', '/v1/workspaces')).data.map(({ id }: { id: string }) => id)).toEqual([kept])
    expect(await owner`select 1 from projects where workspace_id = ${gone}`).toHaveLength(0)
    await people.refused(
      boss,
      'CONFLICT',
      'DELETE',
      `/v1/workspaces/${kept}?confirm=${kept === first ? 'General' : 'Second'}`,
    )
  })
})

describe('leaving', () => {
  test('is open to everybody but the last owner, also to the suspended', async () => {
    const { person: boss, orgId } = await people.newOrganization()
    const [viewer, suspended] = [await people.join(boss, 'viewer'), await people.join(boss, 'editor')]
    const path = `/v1/organizations/${orgId}/leave`
    const { message } = await people.refused(boss, 'CONFLICT', 'POST', path)
    expect(message).toContain('owner')
    await people.done(boss, 'PATCH', `/v1/members/${suspended.id}`, { disabled: true })
    await people.done(viewer, 'POST', path)
    await people.done(suspended, 'POST', path)
    await people.refused(viewer, 'NOT_FOUND', 'POST', path)
    expect((await people.done(boss, 'GET', '/v1/members')).data.map(({ id }: { id: string }) => id)).toEqual([boss.id])
  })
})

test("another organization's ids are nowhere to be found: in path, header, query and body", async () => {
  const mine = await people.newOrganization('Mine')
  const theirs = await people.newOrganization('Theirs')
  const colleague = await people.join(mine.person, 'viewer')
  const theirInvitation = await people.done(theirs.person, 'POST', '/v1/invitations', {
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
  for (const [method, path, body, headers] of attempts)
    await people.refused(me, 'NOT_FOUND', method, path, body, headers)
  expect((await people.done(me, 'GET', '/v1/invitations')).data).not.toContainEqual(
    expect.objectContaining({ id: theirInvitation.invitation.id }),
  )
  const cursor = (await people.done(me, 'GET', '/v1/members?page[size]=1')).meta.next_cursor
  await people.refused(
    theirs.person,
    'VALIDATION_ERROR',
    'GET',
    `/v1/members?page[cursor]=${encodeURIComponent(cursor)}`,
  )
})
