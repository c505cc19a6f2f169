import type postgres from 'postgres'
import { createSpendAuthority } from '#shared/domain/costs/authority.ts'
import { bookLostCalls } from '#shared/domain/costs/sweep.ts'
import { newId } from '#shared/domain/ids.ts'
import type { CallOrigin, SpendAuthority } from '#shared/domain/models/types.ts'
import { type Database, nobody, system } from '#shared/platform/database/index.ts'
import { createTenants } from './tenancy.ts'

export const defaultBudgetMicrodollars = 25_000_000
/** What a workspace without a budget of its own may spend, under a plan without limits. */
export const budgetDefaults = { defaultBudgetMicrodollars, defaultPlanId: 'enterprise' }

type Reservation = Parameters<SpendAuthority['reserve']>[0]
type Settlement = Parameters<SpendAuthority['settle']>[1]

/** A workspace whose models cost money, at a time that the test sets. */
export async function createSpender(database: Database, start = new Date('2026-11-15T12:00:00Z')) {
  const tenants = createTenants(database)
  const { orgId, ownerId } = await tenants.organization()
  const scope = { ...nobody, orgId, workspaceId: 'any' }
  const [workspace] = await database.transaction(scope, (sql) => sql<{ id: string }[]>`select id from workspaces`)
  const workspaceId = workspace!.id
  const clock = { now: start }
  const commit = <Result>(work: (sql: postgres.ISql) => Promise<Result>) => database.transaction(scope, work)
  const authority = createSpendAuthority({ commit, now: () => clock.now, ...budgetDefaults })

  const reservation = (worstCaseMicrodollars: number, origin: Partial<CallOrigin> = {}): Reservation => ({
    id: newId(),
    origin: { orgId, workspaceId, runId: null, step: null, playbook: null, agent: null, userId: null, ...origin },
    model: 'local:rules-1',
    alias: 'fast',
    task: 'summarize',
    worstCaseMicrodollars,
  })

  return {
    orgId,
    ownerId,
    workspaceId,
    clock,
    commit,
    authority,
    reservation,
    /** Sets money aside; returns the id of the reservation. */
    async reserve(worstCaseMicrodollars: number, origin: Partial<CallOrigin> = {}): Promise<string> {
      const made = reservation(worstCaseMicrodollars, origin)
      await authority.reserve(made)
      return made.id
    },
    /** Books what a call cost. */
    settle: (id: string, costMicrodollars: number, result: Partial<Settlement> = {}) =>
      authority.settle(id, { ...settlement(costMicrodollars), ...result }),
    release: (id: string) => authority.release(id, { code: 'UNAVAILABLE', message: 'overloaded', milliseconds: 5 }),
    /** Looks for lost calls of every organization, as the schedule does. */
    sweep: () =>
      database.transaction(system, (sql) =>
        bookLostCalls({
          sql,
          enter: async (id) => {
            await sql`select set_config('app.org_id', ${id}, true), set_config('app.workspace_id', 'any', true)`
          },
          now: clock.now,
          ...budgetDefaults,
        }),
      ),
    pass(minutes: number): void {
      clock.now = new Date(clock.now.getTime() + minutes * 60_000)
    },
  }
}

export function settlement(costMicrodollars: number): Settlement {
  return {
    costMicrodollars,
    usage: { input: 100, cachedInput: 10, output: 20, thinking: 5 },
    estimated: false,
    milliseconds: 40,
    finish: 'stop',
    artifactKey: null,
  }
}

/** Has the database itself look at every single change: whoever lets a budget be overspent, even for a moment, fails. */
export async function refuseOverspending(owner: postgres.Sql): Promise<void> {
  await owner.unsafe(`
    create function refuse_overspending() returns trigger language plpgsql as $$
    begin
      if new.spent_microdollars + new.reserved_microdollars > old.spent_microdollars + old.reserved_microdollars
        and new.spent_microdollars + new.reserved_microdollars > coalesce(new.limit_microdollars, ${defaultBudgetMicrodollars})
      then raise exception 'overspent: % % by %', new.kind, new.key,
        new.spent_microdollars + new.reserved_microdollars - coalesce(new.limit_microdollars, ${defaultBudgetMicrodollars});
      end if;
      return new;
    end $$;
    create trigger watched before update on cost_scopes for each row execute function refuse_overspending()`)
}

/** Where the rows of budgets differ from what their reservations and logs say, seen past all walls; the books balance when nothing is found. */
export function findImbalances(owner: postgres.Sql): Promise<postgres.RowList<postgres.Row[]>> {
  return owner`
    with held as (
      select r.workspace_id, s.kind, s.key, r.state, r.worst_case_microdollars as worst, r.id,
        coalesce(l.cost_microdollars, 0) as cost, l.id as log_id, r.cost_microdollars as booked
      from cost_reservations r
      left join cost_logs l on l.id = r.id
      cross join lateral (values ('workspace-month', r.month, true), ('run', r.run_id::text, r.in_run_budget),
        ('agent-in-run', r.run_id || '/' || r.agent, r.in_agent_budget)) as s (kind, key, held)
      where s.held
    ), sums as (
      select workspace_id, kind, key, sum(worst) filter (where state = 'reserved') as reserved, sum(cost) as spent
      from held group by workspace_id, kind, key
    )
    select 'sums' as what, kind, key, s.reserved_microdollars, coalesce(sums.reserved, 0) as expected_reserved,
      s.spent_microdollars, coalesce(sums.spent, 0) as expected_spent
    from cost_scopes s full join sums using (workspace_id, kind, key)
    where s.reserved_microdollars is distinct from coalesce(sums.reserved, 0)
      or s.spent_microdollars is distinct from coalesce(sums.spent, 0)
    union all
    select 'log', kind, key, worst, cost, booked, null from held
    where (state = 'reserved') <> (log_id is null) or cost <> booked`
}
