import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody, type Scope, system } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../tests/setup/database.ts'

/** Tables without tenants' data; everything else must have forced row-level security. */
const shared = [
  'feature_flag_changes',
  'feature_flags',
  'gateway_plans',
  'idempotent_requests',
  'invoice_series',
  'ledger_accounts',
  'plan_limits',
  'plan_prices',
  'plans',
  'processed_messages',
  'schema_migrations',
]

/** Tables of the installation that not everybody may read, or not all of them change. */
const installation = ['billing_checks', 'coupons', 'settlements']

/** What an organization has at least two of: each posting has two sides. */
const paired = ['ledger_balances', 'ledger_entries']

let clone: TestDatabase
let database: Database
let owner: postgres.Sql

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
})

afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

/** Partitions are reached through their table only: what is said about tables here is not about them. */
async function tables(): Promise<
  { name: string; secured: boolean; forced: boolean; tenant: boolean; policies: number }[]
> {
  return owner`
    select c.relname as name, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id') as tenant,
      (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    order by 1`
}

test('every table but the shared ones has forced row-level security with a policy', async () => {
  const found = await tables()
  expect(found.length).toBeGreaterThan(15)
  for (const table of found) {
    if (shared.includes(table.name)) expect(table, table.name).toMatchObject({ tenant: false })
    else expect(table, table.name).toMatchObject({ secured: true, forced: true })
    if (!shared.includes(table.name)) expect(table.policies, table.name).toBeGreaterThan(0)
  }
})

test('the application role owns nothing and cannot step over the policies', async () => {
  const [role] = await owner`
    select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = 'adapt_app'`
  expect(role).toEqual({ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false })
  expect(await owner`select 1 from pg_class where relowner = 'adapt_app'::regrole`).toHaveLength(0)
})

/** What the application may do with the rights of the schema's owner, and nothing else. */
const definers = [
  'append_audit',
  'drop_expired_partitions',
  'ensure_month_partitions',
  'erase_audit',
  'ledger_entries_written',
]

test('functions with the rights of the owner are these, with a search path of their own, and not for everybody', async () => {
  const found = await owner<{ name: string; settings: string; everybody: boolean }[]>`
    select proname as name, proconfig::text as settings,
      proacl is null or exists (select from aclexplode(proacl) as a where a.grantee = 0) as everybody
    from pg_proc where pronamespace = 'public'::regnamespace and prosecdef order by 1`
  expect(found.map((definer) => definer.name)).toEqual(definers.toSorted())
  for (const { name, settings, everybody } of found) {
    expect(settings, name).toContain('search_path=pg_catalog, pg_temp')
    expect(everybody, name).toBe(false)
  }
})

test('a partition has forced row-level security, no policy and no grants: it is reached through its table', async () => {
  const partitions = await owner`
    select c.relname as name, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
      exists (select from pg_policy p where p.polrelid = c.oid) as opened,
      exists (select from aclexplode(c.relacl) a where a.grantee in (0, 'adapt_app'::regrole)) as granted
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relispartition and c.relkind in ('r', 'p')`
  expect(partitions.length).toBeGreaterThan(3)
  for (const { name, ...walls } of partitions) {
    expect(walls, name).toEqual({ secured: true, forced: true, opened: false, granted: false })
  }
})

/** Puts a row of this organization into every table that has one, as the owner of the database. */
async function fill(orgId: string): Promise<void> {
  const [user, workspace, project, document, indicator, job] = Array.from({ length: 6 }, newId) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const [brief, rule, relationship, entity, evidence] = Array.from({ length: 5 }, newId) as [
    string,
    string,
    string,
    string,
    string,
  ]
  await owner`insert into users (id, auth_sub, email) values (${user}, ${user}, 'x@example.org')`
  await owner`insert into organizations (id, name) values (${orgId}, 'o')`
  await owner`insert into memberships (org_id, user_id, role) values (${orgId}, ${user}, 'owner')`
  await owner`insert into workspaces (id, org_id, name) values (${workspace}, ${orgId}, 'w')`
  await owner`insert into workspace_members (org_id, workspace_id, user_id, role) values (${orgId}, ${workspace}, ${user}, 'owner')`
  await owner`insert into projects (id, org_id, workspace_id, name) values (${project}, ${orgId}, ${workspace}, 'p')`
  await owner`insert into user_permissions (org_id, user_id, permission) values (${orgId}, ${user}, 'audit:read')`
  await owner`insert into invitations (id, org_id, email, role, token_sha256, expires_at)
    values (${newId()}, ${orgId}, 'i@example.org', 'viewer', sha256(${orgId}::bytea), now())`
  await owner`insert into api_keys (id, org_id, name, prefix, key_sha256, scopes)
    values (${newId()}, ${orgId}, 'k', 'rfa_', sha256(${orgId}::bytea), '[]')`
  await owner`insert into audit_heads (org_id, sequence, hash) values (${orgId}, 1, '')`
  await owner`insert into audit_logs (org_id, sequence, occurred_at, actor_kind, action, target_type, details, request_id, hash)
    values (${orgId}, 1, now(), 'system', 'a', 't', '{}', 'r', '')`
  await owner`insert into outbox (id, org_id, kind, target, body) values (${newId()}, ${orgId}, 'event', 't', '{}')`
  await owner`insert into dead_letters (id, org_id, kind, consumer, message_id, body, attempts, error)
    values (${newId()}, ${orgId}, 'event', 'c', ${newId()}, '{}', 1, '{}')`
  await owner`insert into jobs (id, org_id, workspace_id, kind, status) values (${job}, ${orgId}, ${workspace}, 'k', 'queued')`
  await owner`insert into job_events (org_id, workspace_id, job_id, sequence, type, data) values (${orgId}, ${workspace}, ${job}, 1, 't', '{}')`
  await owner`insert into documents (id, org_id, workspace_id, file_name, content_type, declared_size_bytes, tlp, tlp_declared, status, object_key)
    values (${document}, ${orgId}, ${workspace}, 'f', 't', 1, 'RED', true, 'ready', 'k')`
  await owner`insert into document_passages (org_id, workspace_id, document_id, ordinal, start_offset, text)
    values (${orgId}, ${workspace}, ${document}, 1, 0, 't')`
  await owner`insert into indicators (id, org_id, type, value, value_sha256, tlp, confidence, first_seen, last_seen, valid_until)
    values (${indicator}, ${orgId}, 'domain', 'x', sha256('x'), 'RED', 1, now(), now(), now())`
  await owner`insert into entities (id, org_id, kind, external_id, name, tlp, first_seen, last_seen)
    values (${entity}, ${orgId}, 'technique', 'T1', 'n', 'RED', now(), now())`
  await owner`insert into evidence (id, org_id, workspace_id, document_id, indicator_id, start_offset, end_offset, quote, sentence, how, confidence)
    values (${evidence}, ${orgId}, ${workspace}, ${document}, ${indicator}, 0, 1, 'q', 's', 'h', 1)`
  await owner`insert into briefs (id, org_id, workspace_id, title, tlp, sections, uncited_claims)
    values (${brief}, ${orgId}, ${workspace}, 't', 'RED', '[]', 0)`
  await owner`insert into brief_comments (id, org_id, workspace_id, brief_id, body)
    values (${newId()}, ${orgId}, ${workspace}, ${brief}, 'b')`
  await owner`insert into detection_rules (id, org_id, workspace_id, kind, name, content, sha256, tlp)
    values (${rule}, ${orgId}, ${workspace}, 'yara', 'n', 'c', sha256('c'), 'RED')`
  await owner`insert into detection_rule_evidence (org_id, workspace_id, rule_id, evidence_id)
    values (${orgId}, ${workspace}, ${rule}, ${evidence})`
  await owner`insert into relationships (id, org_id, workspace_id, source_indicator_id, relationship_type, target_entity_id, confidence)
    values (${relationship}, ${orgId}, ${workspace}, ${indicator}, 'indicates', ${entity}, 1)`
  await owner`insert into relationship_evidence (org_id, workspace_id, relationship_id, evidence_id)
    values (${orgId}, ${workspace}, ${relationship}, ${evidence})`
  const run = newId()
  await owner`insert into agents (org_id, workspace_id, key) values (${orgId}, ${workspace}, 'seer')`
  await owner`insert into agent_versions (org_id, workspace_id, key, version, enabled, instructions, settings)
    values (${orgId}, ${workspace}, 'seer', 1, true, '', '{}')`
  await owner`insert into agent_runs (id, org_id, workspace_id, playbook, status, input)
    values (${run}, ${orgId}, ${workspace}, 'p', 'queued', '{}')`
  await owner`insert into agent_run_steps (org_id, workspace_id, run_id, node, iteration, status)
    values (${orgId}, ${workspace}, ${run}, 'n', 0, 'pending')`
  await owner`insert into agent_tool_calls (id, org_id, workspace_id, run_id, node, iteration, attempt, agent, tool, input,
    status, milliseconds) values (${newId()}, ${orgId}, ${workspace}, ${run}, 'n', 0, 1, 'seer', 't', '{}', 'done', 1)`
  await owner`insert into blocklists (id, org_id, name, token_sha256, token_prefix, types, maximum_tlp, minimum_confidence)
    values (${newId()}, ${orgId}, 'b', sha256(${orgId}::bytea), 'p', '[]', 'RED', 1)`
  await owner`insert into exports (id, org_id, workspace_id, format, filter, status, object_key)
    values (${newId()}, ${orgId}, ${workspace}, 'csv', '{}', 'ready', 'k')`
  await owner`insert into api_usage_logs (id, org_id, occurred_at, function_name, method, status, milliseconds, request_id)
    values (${newId()}, ${orgId}, now(), 'f', 'GET', 200, 1, 'r')`
  await owner`insert into cost_scopes (org_id, workspace_id, kind, key) values (${orgId}, ${workspace}, 'workspace-month', '2026-11')`
  await owner`insert into cost_reservations (id, org_id, workspace_id, reserved_at, month, model, alias, task,
      worst_case_microdollars, in_run_budget, in_agent_budget)
    values (${newId()}, ${orgId}, ${workspace}, now(), '2026-11', 'm', 'fast', 't', 1, false, false)`
  await owner`insert into cost_logs (id, org_id, workspace_id, occurred_at, model, alias, task, input_tokens, cached_input_tokens,
      output_tokens, thinking_tokens, cost_microdollars, estimated, milliseconds, finish)
    values (${newId()}, ${orgId}, ${workspace}, now(), 'm', 'fast', 't', 1, 0, 1, 0, 1, false, 1, 'stop')`
  await owner`insert into notifications (id, org_id, user_id, kind, title, body) values (${newId()}, ${orgId}, ${user}, 'k', 't', 'b')`
  await fillBilling(orgId)
}

async function fillBilling(orgId: string): Promise<void> {
  const [subscription, order, payment, transaction] = Array.from({ length: 4 }, newId) as [
    string,
    string,
    string,
    string,
  ]
  await owner`insert into plans (id, name, rank) values ('of-a-test', 'n', 32000) on conflict do nothing`
  await owner`insert into coupons (code, amount_paise, duration, valid_from) values ('OF-A-TEST', 1, 'once', now())
    on conflict do nothing`
  await owner`insert into billing_accounts (org_id) values (${orgId})`
  await owner`insert into entitlements (org_id, plan_id, seats) values (${orgId}, 'of-a-test', 1)`
  // A row of usage_meters came with the indicator, which is counted where it is written.
  await owner`insert into coupon_redemptions (org_id, code, order_id) values (${orgId}, 'OF-A-TEST', ${order})`
  await owner`insert into subscriptions (id, org_id, plan_id, period, seats, status, collection, period_paise)
    values (${subscription}, ${orgId}, 'of-a-test', 'month', 1, 'active', 'order', 1)`
  await owner`insert into orders (id, org_id, kind, collection, plan_id, period, seats, lines, net_paise, cgst_paise, sgst_paise,
      igst_paise, total_paise, receipt)
    values (${order}, ${orgId}, 'start', 'checkout', 'of-a-test', 'month', 1, '[]', 1, 0, 0, 0, 1, ${order})`
  await owner`insert into payments (id, org_id, gateway_payment_id, status, amount_paise, created_at)
    values (${payment}, ${orgId}, ${payment}, 'created', 1, now())`
  await owner`insert into refunds (id, org_id, payment_id, amount_paise, status, purpose)
    values (${newId()}, ${orgId}, ${payment}, 1, 'requested', 'sale')`
  await owner`insert into disputes (id, org_id, payment_id, gateway_dispute_id, amount_paise, status, created_at)
    values (${newId()}, ${orgId}, ${payment}, ${newId()}, 1, 'open', now())`
  // A draft: what is issued isn't changed by anybody, whoever's it is.
  await owner`insert into invoices (id, org_id, kind, status, seller, buyer, place_of_supply, tax_kind, lines, net_paise,
      cgst_paise, sgst_paise, igst_paise, total_paise)
    values (${newId()}, ${orgId}, 'invoice', 'draft', '{}', '{}', '27', 'inter-state', '[]', 1, 0, 0, 0, 1)`
  await owner`
    with made as (
      insert into ledger_transactions (id, org_id, source, kind, description, occurred_at)
      values (${transaction}, ${orgId}, ${transaction}, 'payment', 'd', now()) returning id, org_id
    )
    insert into ledger_entries (transaction_id, line, org_id, account, amount_paise)
    select id, line, org_id, account, paise from made, (values (1, '1100', 1), (2, '2000', -1)) as e (line, account, paise)`
  await owner`insert into gateway_events (id, org_id, type, occurred_at, payload, status)
    values (${newId()}, ${orgId}, 't', now(), '{}', 'received')`
  await owner`insert into billing_differences (id, org_id, kind, subject) values (${newId()}, ${orgId}, 'kind', ${orgId})`
}

async function visible(scope: Scope, table: string): Promise<number> {
  const [row] = await database.transaction(
    scope,
    (sql) => sql<{ n: number }[]>`select count(*)::int as n from ${sql(table)}`,
  )
  return row!.n
}

test('a scope sees its own organization, another sees nothing of it, and nobody sees nothing', async () => {
  const [mine, theirs] = [newId(), newId()]
  await fill(mine)
  await fill(theirs)
  const belongToTenants = ({ name }: { name: string }) => !shared.includes(name) && !installation.includes(name)
  for (const { name } of (await tables()).filter(belongToTenants)) {
    expect(await visible({ ...nobody, orgId: mine, workspaceId: 'any' }, name), name).toBe(
      paired.includes(name) ? 2 : 1,
    )
    expect(await visible(nobody, name), `${name} without a scope`).toBe(0)
    expect(await visible({ ...nobody, orgId: newId(), workspaceId: 'any' }, name), `${name} of another`).toBe(0)
  }
})

test('a row cannot be written into another organization, nor moved there', async () => {
  const [mine, theirs] = [newId(), newId()]
  await fill(mine)
  await fill(theirs)
  const scope = { ...nobody, orgId: mine, workspaceId: 'any' }
  const tenantTables = (await tables()).filter((table) => table.tenant)
  for (const { name } of tenantTables) {
    await expect(
      database.transaction(scope, (sql) => sql`update ${sql(name)} set org_id = ${theirs}`),
      name,
    ).rejects.toMatchObject({ code: '42501' })
  }
  await expect(
    database.transaction(
      scope,
      (sql) => sql`insert into workspaces (id, org_id, name) values (${newId()}, ${theirs}, 'w')`,
    ),
  ).rejects.toMatchObject({ code: '42501' })
})

test('what operators and schedules note is theirs: organizations see a coupon, and nothing of checks and settlements', async () => {
  const orgId = newId()
  await fill(orgId)
  await database.transaction(system, async (sql) => {
    await sql`insert into billing_checks (id, checked_at, invariant, holds) values (${newId()}, now(), 'i', true)`
    await sql`insert into settlements (gateway_settlement_id, amount_paise, status, settled_at) values (${newId()}, 1, 'created', now())`
  })
  const tenant = { ...nobody, orgId, workspaceId: 'any' }
  const seen = async (scope: Scope) => Promise.all(installation.map((name) => visible(scope, name)))
  expect(await seen(nobody)).toEqual([0, 0, 0])
  expect(await seen(tenant)).toEqual([0, 1, 0])
  expect(await seen(system)).toEqual([1, 1, 1])
  const refused = [
    (sql: Sql) =>
      sql`insert into billing_checks (id, checked_at, invariant, holds) values (${newId()}, now(), 'i', true)`,
    (sql: Sql) =>
      sql`insert into settlements (gateway_settlement_id, amount_paise, status, settled_at) values ('s', 1, 'created', now())`,
    (sql: Sql) => sql`insert into coupons (code, amount_paise, duration, valid_from) values ('MINE', 1, 'once', now())`,
    (sql: Sql) => sql`update coupons set amount_paise = 100000`,
    (sql: Sql) => sql`delete from coupons`,
  ]
  for (const statement of refused) {
    await expect(database.transaction(tenant, statement)).rejects.toMatchObject({ code: '42501' })
  }
})

test('a person can change or delete nothing outside of the organization they are in, not even where they belong', async () => {
  const [mine, theirs] = [newId(), newId()]
  await fill(mine)
  await fill(theirs)
  const [me] = await owner`select user_id from memberships where org_id = ${mine}`
  await owner`insert into memberships (org_id, user_id, role) values (${theirs}, ${me?.user_id}, 'viewer')`
  const colleague = newId()
  await owner`insert into users (id, auth_sub, email) values (${colleague}, ${colleague}, 'c@example.org')`
  await owner`insert into memberships (org_id, user_id, role) values (${mine}, ${colleague}, 'viewer')`
  const scope = { ...nobody, orgId: mine, userId: me?.user_id, workspaceId: 'any' }
  const counts = async () =>
    owner`select (select count(*) from users)::int as users, (select count(*) from organizations)::int as organizations,
      (select count(*) from memberships where org_id = ${theirs})::int as memberships`
  const before = await counts()
  await database.transaction(scope, async (sql) => {
    await sql`delete from users where id <> ${me?.user_id}`
    await sql`update users set email = 'stolen' where id <> ${me?.user_id}`
    await sql`delete from organizations where id <> ${mine}`
    await sql`delete from memberships where org_id <> ${mine}`
    await sql`update memberships set role = 'owner' where org_id <> ${mine}`
  })
  expect(await counts()).toEqual(before)
  expect(await owner`select 1 from users where email = 'stolen'`).toHaveLength(0)
  expect(
    await owner`select 1 from memberships where org_id = ${theirs} and user_id = ${me?.user_id} and role = 'owner'`,
  ).toHaveLength(0)
})

test('a member sees the rows of their workspace and of none, not of a sibling', async () => {
  const orgId = newId()
  await fill(orgId)
  expect(await visible({ ...nobody, orgId, workspaceId: newId() }, 'projects')).toBe(0)
  expect(await visible({ ...nobody, orgId, workspaceId: null }, 'documents')).toBe(0)
  expect(await visible({ ...nobody, orgId, workspaceId: newId() }, 'indicators')).toBe(1)
})
