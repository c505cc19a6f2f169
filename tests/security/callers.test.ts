import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { ErrorCode } from '#shared/domain/errors.ts'
import { keyScopes, type Permission, roles } from '#shared/domain/tenancy/permissions.ts'
import { buildManifest } from '#shared/runtime/manifest.ts'
import manifest from '../../functions.json' with { type: 'json' }
import { sendExample } from '../contract/send.ts'
import { createWorld, type World } from '../contract/world.ts'
import type { CallOptions } from '../setup/product.ts'
import { createCallers } from './callers.ts'
import { forgeTokens } from './forged-tokens.ts'
import { expectError, inspect } from './inspect.ts'
import { isOfOrganization, namesOfAll, routes, type SweptRoute } from './routes.ts'
import { anyone, basic, operators, signedIn, type Wall, walls, whileDeleting } from './who-may-call.ts'

/** Permissions that can be given beyond a role: all that are not the owner's alone. */
const givable = [
  'intelligence:read',
  'intelligence:write',
  'projects:delete',
  'agents:manage',
  'workspace:manage',
  'members:manage',
  'keys:manage',
  'organization:manage',
  'audit:read',
  'usage:read',
] as const satisfies readonly Permission[]

let world: World
let owner: postgres.Sql
let forged: Record<string, string>
let deadKeys: Record<string, string>
/** Tokens of people who are kept out by what they are. */
const people = {
  disabled: '',
  deleted: '',
  suspended: '',
  removed: '',
  deleting: '',
  everyExtra: '',
  weak: '',
  elsewhere: '',
}
const extras = new Map<Permission, string>()
const keys = {
  all: '',
  without: new Map<string, string>(),
  only: new Map<string, string>(),
  elsewhere: '',
  foreign: '',
}
let weakOperator: string

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
  owner = postgres(world.product.database.ownerUrl, { max: 4, onnotice: () => {} })
  const callers = createCallers(world, owner)
  const membership = { role: 'owner' } as const
  forged = await forgeTokens(world)
  deadKeys = await callers.deadKeys()
  people.disabled = await callers.person({ membership, disabled: true, operator: true })
  people.deleted = await callers.person({ membership, deleted: true, operator: true })
  people.suspended = await callers.person({ membership: { ...membership, suspended: true } })
  people.removed = await callers.person({})
  people.deleting = (await callers.inDeletedOrganization()).token
  people.everyExtra = await callers.person({ membership: { role: 'viewer', extra: givable } })
  people.weak = await callers.withoutSecondFactor({ membership })
  weakOperator = await callers.withoutSecondFactor({ operator: true })
  for (const permission of givable) {
    extras.set(permission, await callers.person({ membership: { role: 'viewer', extra: [permission] } }))
  }
  keys.all = (await world.newApiKey(keyScopes)).key
  for (const scope of keyScopes) {
    keys.without.set(scope, (await callers.keyWithAllBut(scope)).key)
    keys.only.set(scope, (await world.newApiKey([scope])).key)
  }
  const elsewhere = await world.newWorkspace()
  people.elsewhere = await callers.person({ membership: { role: 'editor', workspaceId: elsewhere.id } })
  const bound = await world.newApiKey(keyScopes)
  await owner`update api_keys set workspace_id = ${elsewhere.id} where id = ${bound.id}`
  keys.elsewhere = bound.key
  const foreign = await world.newApiKey(keyScopes)
  await owner`update api_keys set org_id = ${world.strangerOrgId} where id = ${foreign.id}`
  keys.foreign = foreign.key
})
afterAll(async () => {
  await owner.end()
  await world.stop()
})

test('what functions.json has deployed is what the product serves', async () => {
  const discovered = buildManifest(world.product.functions).functions
  expect(manifest.functions.map(({ name, trigger }) => ({ name, trigger }))).toEqual(
    discovered.map(({ name, trigger }) => ({ name, trigger })),
  )
})

test('the tables of who may call name every route that is deployed once, and no other', () => {
  const named = [...walls.flatMap((wall) => wall.routes), ...signedIn, ...operators, ...anyone]
  expect([...named].sort(), 'say in tests/security/who-may-call.ts who may call it').toEqual(
    routes.map(({ name }) => name).sort(),
  )
})

/** Expects each of these calls to be refused so. */
async function expectRefusals(
  { name, route, example }: SweptRoute,
  refusals: Record<string, { code: ErrorCode; options: CallOptions; says?: RegExp }>,
): Promise<void> {
  const request = await example(world)
  // Who is refused is somebody in this organization, not in another that the example has made.
  if (request.params?.organization_id) request.params.organization_id = world.orgId
  await Promise.all(
    Object.entries(refusals).map(async ([what, { code, options, says }]) => {
      const answer = await sendExample(world, route, request, options)
      expectError(name, answer, code, what)
      if (says) expect(answer.body.error.message, what).toMatch(says)
      if (code === 'UNAUTHENTICATED') {
        const challenge = basic.includes(name) ? 'Bearer, Basic realm="RaptorFlow ADAPT", charset="UTF-8"' : 'Bearer'
        expect(answer.headers.get('www-authenticate')).toBe(challenge)
      }
    }),
  )
}

/** Expects a valid request of this caller to be answered as the example says. */
async function expectAccess({ name, route, example }: SweptRoute, options: CallOptions, what: string): Promise<void> {
  const request = await example(world)
  const answer = await sendExample(world, route, request, options)
  expect(answer.status, `${name} ${what}: ${JSON.stringify(answer.body)}`).toBe(request.status)
  inspect(name, answer)
}

const basicOf = (password: string): CallOptions => ({
  token: '',
  headers: { authorization: `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}` },
})

/** Refusals of whoever shows nothing that proves who they are; none of them is told why. */
function unproven(name: string) {
  const refused = (options: CallOptions) => ({ code: 'UNAUTHENTICATED' as const, options })
  return {
    'no token': refused({ token: '' }),
    ...Object.fromEntries(Object.entries(forged).map(([what, token]) => [`a token ${what}`, refused({ token })])),
    'a token by HTTP Basic': refused(basicOf(world.tokens.owner)),
    'a token of a deleted user': refused({ token: people.deleted }),
    ...(basic.includes(name) ? {} : { 'a key by HTTP Basic': refused(basicOf(keys.all)) }),
  }
}

for (const swept of routes.filter(({ name }) => anyone.includes(name))) {
  test(`${swept.name}: credentials, good or bad, change nothing for what is public`, async () => {
    await expectAccess(swept, {}, 'without a token')
    await expectAccess(swept, { token: forged.expired! }, 'with an expired token')
  })
}

for (const swept of routes.filter(({ name }) => signedIn.includes(name))) {
  test(`${swept.name}: whoever has signed in, in person`, async () => {
    const denied = (token: string, says: RegExp) => ({ code: 'PERMISSION_DENIED' as const, options: { token }, says })
    await expectRefusals(swept, {
      ...unproven(swept.name),
      'a disabled user': denied(people.disabled, /disabled/),
      'an API key': denied(keys.all, /API keys cannot/),
      ...Object.fromEntries(
        Object.entries(deadKeys).map(([what, token]) => [
          `a key ${what}`,
          { code: 'UNAUTHENTICATED' as const, options: { token } },
        ]),
      ),
    })
    await expectAccess(swept, {}, 'the one in the example')
  })
}

for (const swept of routes.filter(({ name }) => operators.includes(name))) {
  test(`${swept.name}: operators of the installation, and nobody of an organization`, async () => {
    const denied = (token: string, says: RegExp) => ({ code: 'PERMISSION_DENIED' as const, options: { token }, says })
    const organization = [...roles, 'stranger'] as const
    await expectRefusals(swept, {
      ...unproven(swept.name),
      'a disabled operator': denied(people.disabled, /disabled/),
      'an operator without the second factor': denied(weakOperator, /second factor/),
      'an API key': denied(keys.all, /API keys cannot/),
      'every permission that can be given': denied(people.everyExtra, /operators/),
      ...Object.fromEntries(organization.map((role) => [role, denied(world.tokens[role], /operators/)])),
    })
    await expectAccess(swept, {}, 'an operator')
  })
}

/** By their rules, what can be given depends on the role of the giver too: tests/flows and shared/domain/tenancy say how. */
const ruledByRole = [
  'api-keys-create',
  'api-keys-rotate',
  'members-update',
  'members-set-permissions',
  'workspaces-update-member',
]

/** Rows that belong to one workspace; indicators and blocklists are the whole organization's. */
const ofWorkspace = /\{(document|export|job|project|workspace)_id\}/

for (const wall of walls) {
  for (const swept of routes.filter(({ name }) => wall.routes.includes(name))) describeWall(swept, wall)
}

function describeWall(swept: SweptRoute, wall: Wall): void {
  const { name, route } = swept
  const { permission, scope, secondFactor } = wall
  const lacks = new RegExp(`lacks the (permission|scope) ${permission}$`)
  const refusal = (code: ErrorCode, token: string, says?: RegExp) => ({
    code,
    options: { token },
    ...(says && { says }),
  })
  const namesPlace = /\{(organization|workspace)_id\}/.test(route.path)

  describe(`${name}: ${wall.roles.join(', ')}`, () => {
    test('nobody without proof, and nobody who was shut out', async () => {
      expect(isOfOrganization(route)).toBe(true)
      await expectRefusals(swept, {
        ...unproven(name),
        'a disabled owner': refusal('PERMISSION_DENIED', people.disabled, /disabled/),
        'a suspended owner': refusal('PERMISSION_DENIED', people.suspended, /suspended/),
        'a removed owner': namesPlace
          ? refusal('NOT_FOUND', people.removed)
          : refusal('PERMISSION_DENIED', people.removed, /not a member of any/),
        ...(whileDeleting.includes(name)
          ? {}
          : { 'an owner of what is being deleted': refusal('NOT_FOUND', people.deleting) }),
        ...Object.fromEntries(
          Object.entries(deadKeys).map(([what, key]) => [`a key ${what}`, refusal('UNAUTHENTICATED', key)]),
        ),
        ...(secondFactor
          ? { 'an owner without the second factor': refusal('PERMISSION_DENIED', people.weak, /second factor/) }
          : {}),
      })
      if (!secondFactor) await expectAccess(swept, { token: people.weak }, 'an owner without the second factor')
    })

    if (ofWorkspace.test(route.path) && wall.roles.includes('editor')) {
      test('nobody of another workspace', () =>
        expectRefusals(swept, { 'an editor elsewhere': refusal('NOT_FOUND', people.elsewhere) }))
    }

    test('those roles and no others, and whoever was given the permission', async () => {
      const others = roles.filter((role) => !wall.roles.includes(role))
      await expectRefusals(
        swept,
        Object.fromEntries(others.map((role) => [role, refusal('PERMISSION_DENIED', world.tokens[role], lacks)])),
      )
      await Promise.all(wall.roles.map((role) => expectAccess(swept, { token: world.tokens[role] }, role)))
      const extra = extras.get(permission)
      if (extra === undefined) {
        await expectRefusals(swept, {
          'every permission that can be given': refusal('PERMISSION_DENIED', people.everyExtra, lacks),
        })
        return
      }
      const wrong = [...extras].filter(([other]) => other !== permission && other !== 'intelligence:read')
      await expectRefusals(
        swept,
        others.includes('viewer')
          ? Object.fromEntries(wrong.map(([other, token]) => [other, refusal('PERMISSION_DENIED', token, lacks)]))
          : {},
      )
      if (!ruledByRole.includes(name)) await expectAccess(swept, { token: extra }, `a viewer with ${permission}`)
    })

    test(
      scope === null ? 'no API key, whatever its scopes' : `API keys with ${scope}, inside their walls`,
      async () => {
        if (scope === null) {
          await expectRefusals(swept, {
            'every scope': refusal('PERMISSION_DENIED', keys.all, /API keys cannot/),
          })
          return
        }
        const request = await swept.example(world)
        await expectRefusals(swept, {
          'every scope but this': refusal('PERMISSION_DENIED', keys.without.get(scope)!, lacks),
          'another workspace': {
            code: 'NOT_FOUND',
            options: { token: keys.elsewhere, headers: { 'x-workspace-id': world.workspaceId } },
          },
          ...(request.params && !namesOfAll.includes(name)
            ? { 'another organization': refusal('NOT_FOUND', keys.foreign) }
            : {}),
        })
        await expectAccess(swept, { token: keys.only.get(scope)! }, 'a key with this scope alone')
        await (basic.includes(name)
          ? expectAccess(swept, basicOf(keys.all), 'a key by HTTP Basic')
          : expectRefusals(swept, { 'HTTP Basic': { code: 'UNAUTHENTICATED', options: basicOf(keys.all) } }))
        if (ofWorkspace.test(route.path)) {
          await expectRefusals(swept, { 'of another workspace': refusal('NOT_FOUND', keys.elsewhere) })
        }
      },
    )
  })
}
