import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { peopleOf } from '../setup/people.ts'
import { call, startTestProduct, type TestProduct, testPassword } from '../setup/product.ts'

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

describe('a person', () => {
  test('has a profile that is theirs to change, and no more of it than that', async () => {
    const me = await people.signUp()
    const profile = await people.done(me, 'PATCH', '/v1/users/me', {
      display_name: ' Ada ',
      locale: 'pt-br',
      preferences: { notifications: { muted_kinds: ['document.ready'] } },
    })
    expect(profile).toMatchObject({
      display_name: 'Ada',
      locale: 'pt-BR',
      time_zone: 'UTC',
      preferences: {
        theme: 'system',
        notifications: { in_app: true, email: true, muted_kinds: ['document.ready'] },
      },
    })
    await people.done(me, 'PATCH', '/v1/users/me', { preferences: { theme: 'dark', notifications: { email: false } } })
    const { preferences } = await people.done(me, 'GET', '/v1/users/me')
    expect(preferences).toEqual({
      theme: 'dark',
      notifications: { in_app: true, email: false, muted_kinds: ['document.ready'] },
    })
    for (const body of [
      { email: 'x@example.org' },
      { id: newId() },
      { operator_since: '2026-01-01T00:00:00Z' },
      { time_zone: 'Mars/Olympus' },
      { locale: 'no language' },
      { preferences: { admin: true } },
    ]) {
      await people.refused(me, 'VALIDATION_ERROR', 'PATCH', '/v1/users/me', body)
    }
  })

  test('is seen by colleagues without secrets, and by nobody else', async () => {
    const { person: boss } = await people.newOrganization()
    const colleague = await people.join(boss, 'viewer')
    const { person: stranger } = await people.newOrganization()
    const answer = await people.request(colleague, 'GET', `/v1/users/${boss.id}`)
    expect(Object.keys(answer.body).sort()).toEqual(['created_at', 'display_name', 'email', 'id'])
    expect(answer.headers.get('cache-control')).toBe('private, max-age=300')
    expect(answer.headers.get('vary')).toMatch(/authorization/i)
    await people.refused(stranger, 'NOT_FOUND', 'GET', `/v1/users/${boss.id}`)
  })

  test('is told what they may do, everywhere', async () => {
    const { person: boss, orgId, workspaceId } = await people.newOrganization('First')
    const me = await people.join(boss, 'viewer')
    const other = await people.done(me, 'POST', '/v1/organizations', { name: 'Own' })
    await people.done(boss, 'PUT', `/v1/members/${me.id}/permissions`, { permissions: ['audit:read'] })
    await people.done(boss, 'PATCH', `/v1/workspaces/${workspaceId}/members/${me.id}`, { role: 'admin' })
    const { assurance, data } = await people.done(me, 'GET', '/v1/users/me/permissions')
    expect(assurance).toEqual({ level: 'aal1', second_factor: false, missing_for: [] })
    expect(data.map((place: { organization_id: string }) => place.organization_id).sort()).toEqual(
      [orgId, other.id].sort(),
    )
    const place = (await people.done(me, 'GET', `/v1/users/me/permissions?organization_id=${orgId}`)).data
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
    const { orgId: foreign } = await people.newOrganization()
    await people.refused(me, 'NOT_FOUND', 'GET', `/v1/users/me/permissions?organization_id=${foreign}`)
  })

  test('takes along what is kept of them, from all their organizations and of nobody else', async () => {
    const { person: boss, orgId } = await people.newOrganization('Shared')
    const me = await people.join(boss, 'editor')
    await people.done(boss, 'POST', '/v1/projects', { name: 'Not mine' })
    const { id: projectId } = await people.done(me, 'POST', '/v1/projects', { name: 'Mine' })
    const { person: inviter } = await people.newOrganization('Elsewhere')
    await people.done(inviter, 'POST', '/v1/invitations', { email: me.email, role: 'admin' })
    const answer = await people.request(me, 'GET', '/v1/users/me/export')
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
    const { person: boss, orgId } = await people.newOrganization('Needs me')
    const me = await people.join(boss, 'owner')
    const own = await people.done(me, 'POST', '/v1/organizations', { name: 'Only mine' })
    await people.done(me, 'POST', '/v1/projects', { name: 'Stays' }, { 'x-org-id': orgId })
    const { message } = await people.refused(me, 'CONFLICT', 'DELETE', '/v1/users/me', { confirm: me.email })
    expect(message).toContain('"Only mine"')
    expect(message).not.toContain('Needs me')
    await people.refused(me, 'VALIDATION_ERROR', 'DELETE', '/v1/users/me', { confirm: 'somebody@example.org' })
    const heir = await people.signUp()
    const { token } = await people.done(
      me,
      'POST',
      '/v1/invitations',
      { email: heir.email, role: 'owner' },
      { 'x-org-id': own.id },
    )
    await people.done(heir, 'POST', '/v1/invitations/accept', { token })
    await people.done(me, 'DELETE', '/v1/users/me', { confirm: me.email })

    await vi.waitFor(() => people.refused(me, 'UNAUTHENTICATED', 'GET', '/v1/users/me'), {
      timeout: 6000,
      interval: 200,
    })
    expect(await owner`select 1 from users where email = ${me.email}`).toHaveLength(0)
    const members = await people.done(boss, 'GET', '/v1/members')
    expect(members.data.map(({ id }: { id: string }) => id)).toEqual([boss.id])
    expect((await people.done(boss, 'GET', '/v1/projects')).data).toHaveLength(1)
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
    const successor = await people.signUp(me.email)
    expect(successor.id).not.toBe(me.id)
    await people.refused(successor, 'PERMISSION_DENIED', 'GET', '/v1/members')
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
