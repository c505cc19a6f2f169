import * as v from 'valibot'
import { notFound } from '../errors.ts'
import { Id, Timestamp } from '../ids.ts'
import { modelAliases } from '../models/types.ts'
import { PlainText } from '../plain-text.ts'
import type { Json, Sql } from '../sql.ts'
import { type Lord, lordKeys, lords } from './lords.ts'

const settingNames = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be a name like allowed_link_hosts'))

/** What a workspace sets for an agent's work: texts, numbers, switches and lists of texts, by name. */
const Settings = v.pipe(
  v.record(
    settingNames,
    v.union([
      v.pipe(PlainText, v.maxLength(2000)),
      v.pipe(v.number(), v.finite()),
      v.boolean(),
      v.pipe(v.array(v.pipe(PlainText, v.maxLength(500))), v.maxLength(200)),
    ]),
  ),
  v.check((settings) => Object.keys(settings).length <= 50, 'must be 50 settings at most'),
)

const count = v.pipe(v.number(), v.integer())

export const Agent = v.strictObject({
  key: v.picklist(lordKeys),
  name: v.string(),
  purpose: v.string(),
  tools: v.pipe(v.array(v.string()), v.description('All that it may use')),
  model: v.pipe(v.picklist(modelAliases), v.description('What its work asks for, unless the playbook says otherwise')),
  limits: v.strictObject({
    tool_calls: v.pipe(count, v.description('Of one step')),
    turns: v.pipe(count, v.description('With the model, in one step')),
    maximum_output_tokens: count,
    run_microdollars: v.pipe(count, v.description('What a run with a budget may spend on it')),
  }),
  enabled: v.boolean(),
  instructions: v.pipe(v.string(), v.description('Told to language models after its own')),
  settings: Settings,
  version: v.pipe(count, v.description('Counts the changes of this workspace')),
  updated_at: v.nullable(Timestamp),
})
export type Agent = v.InferInput<typeof Agent>

export const AgentChange = v.strictObject({
  enabled: v.optional(v.boolean()),
  instructions: v.optional(v.pipe(PlainText, v.maxLength(8000))),
  settings: v.optional(Settings),
})
export type AgentChange = v.InferOutput<typeof AgentChange>

export const AgentVersion = v.strictObject({
  version: count,
  enabled: v.boolean(),
  instructions: v.string(),
  settings: Settings,
  changed_by: v.nullable(Id),
  changed_at: Timestamp,
})
export type AgentVersion = v.InferInput<typeof AgentVersion>

/** An agent's key in a path; whether there is such an agent is looked up. */
export const AgentKey = v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,40}$/, 'must be the key of an agent'))

/** @throws AppError NOT_FOUND */
function lordOf(key: string): Lord {
  const lord = lords.find((one) => one.key === key)
  if (!lord) throw notFound('Agent')
  return lord
}

type AgentRow = Pick<Agent, 'key' | 'enabled' | 'instructions' | 'settings' | 'version'> & { updated_at: string }

/** Seats the council in a workspace; what sits there already stays as it is. */
export async function seedCouncil(sql: Sql, orgId: string, workspaceId: string): Promise<void> {
  await sql`
    insert into agents (org_id, workspace_id, key)
    select ${orgId}, id, key from workspaces, jsonb_array_elements_text(${sql.json([...lordKeys])}) as key
    where id = ${workspaceId} and org_id = ${orgId}
    on conflict (workspace_id, key) do nothing`
}

/** The council of a workspace, in its order; one that was never changed is as the product made it. */
export async function listAgents(sql: Sql, workspaceId: string | null): Promise<Agent[]> {
  const rows = await sql<AgentRow[]>`
    select key, enabled, instructions, settings, version, updated_at from agents where workspace_id = ${workspaceId}`
  const known = new Map(rows.map((row) => [row.key, row]))
  return lords.map((lord) => toAgent(lord, known.get(lord.key)))
}

/**
 * @param lock keeps it from being changed until the transaction ends
 * @throws AppError NOT_FOUND
 */
export async function readAgent(sql: Sql, workspaceId: string, key: string, lock = false): Promise<Agent> {
  const lord = lordOf(key)
  const [row] = await sql<AgentRow[]>`
    select key, enabled, instructions, settings, version, updated_at from agents
    where workspace_id = ${workspaceId} and key = ${key} ${lock ? sql`for update` : sql``}`
  return toAgent(lord, row)
}

function toAgent(lord: Lord, row: AgentRow | undefined): Agent {
  const { toolCalls, turns, maximumOutputTokens, runMicrodollars } = lord.limits
  return {
    key: lord.key,
    name: lord.name,
    purpose: lord.purpose,
    tools: [...lord.tools],
    model: lord.model,
    limits: {
      tool_calls: toolCalls,
      turns,
      maximum_output_tokens: maximumOutputTokens,
      run_microdollars: runMicrodollars,
    },
    enabled: row?.enabled ?? true,
    instructions: row?.instructions ?? '',
    settings: row?.settings ?? {},
    version: row?.version ?? 1,
    updated_at: row?.updated_at ?? null,
  }
}

/** Changes an agent for a workspace; every version is kept. @throws AppError NOT_FOUND */
export async function updateAgent(
  sql: Sql,
  agent: { orgId: string; workspaceId: string; key: string; changedBy: string | null },
  change: AgentChange,
): Promise<Agent> {
  const { orgId, workspaceId, changedBy } = agent
  const { key } = lordOf(agent.key)
  await seedCouncil(sql, orgId, workspaceId)
  const settings = change.settings === undefined ? null : sql.json(change.settings as Json)
  await sql`
    with before as (
      select * from agents where workspace_id = ${workspaceId} and key = ${key} for update
    ), kept as (
      -- The first version was the product's.
      insert into agent_versions (org_id, workspace_id, key, version, enabled, instructions, settings, changed_at)
      select org_id, workspace_id, key, version, enabled, instructions, settings, updated_at from before
      on conflict do nothing
    ), changed as (
      update agents a set
        enabled = coalesce(${change.enabled ?? null}, a.enabled),
        instructions = coalesce(${change.instructions ?? null}, a.instructions),
        settings = coalesce(${settings}::jsonb, a.settings), version = a.version + 1, updated_at = now()
      from before where a.workspace_id = before.workspace_id and a.key = before.key
      returning a.*
    )
    insert into agent_versions (org_id, workspace_id, key, version, enabled, instructions, settings, changed_by)
    select org_id, workspace_id, key, version, enabled, instructions, settings, ${changedBy} from changed`
  return readAgent(sql, workspaceId, key)
}

/** The versions of an agent, the newest first; none before the first change. @throws AppError NOT_FOUND */
export async function listAgentVersions(sql: Sql, workspaceId: string, agent: string): Promise<AgentVersion[]> {
  const { key } = lordOf(agent)
  return sql<AgentVersion[]>`
    select version, enabled, instructions, settings, changed_by, changed_at from agent_versions
    where workspace_id = ${workspaceId} and key = ${key} order by version desc limit 100`
}
