-- What models cost: budgets, what is set aside for calls under way, and one row for each call. Money is in microdollars
-- (millionths of a US dollar), whole ones only.

-- What the workspace may spend in a month; null: the default of the installation.
alter table workspaces add column monthly_budget_microdollars bigint check (monthly_budget_microdollars >= 0);

-- One row for each budget that calls are charged to. Whoever reserves, settles or releases locks the rows of the call in
-- the order of (workspace_id, kind desc, key): the month of the workspace, then the run, then the agent in the run.
-- No reference to organizations in these tables: their rows go with their workspace.
create table cost_scopes (
  org_id uuid not null,
  workspace_id uuid not null references workspaces on delete cascade,
  kind text not null check (kind in ('workspace-month', 'run', 'agent-in-run')),
  -- '2026-11', by UTC; the run's id; the run's id, '/' and the agent.
  key text not null,
  -- Null, for a month: the default of the installation. It can be lowered below what is spent or reserved.
  limit_microdollars bigint check (limit_microdollars >= 0),
  reserved_microdollars bigint not null default 0 check (reserved_microdollars >= 0),
  spent_microdollars bigint not null default 0 check (spent_microdollars >= 0),
  -- Of which share of this limit the managers were told last.
  alerted_percent smallint not null default 0 check (alerted_percent in (0, 50, 80, 100)),
  -- The run has ended: nothing more is reserved.
  closed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (workspace_id, kind, key),
  check (limit_microdollars is not null or kind = 'workspace-month'),
  check (closed_at is null or kind <> 'workspace-month')
)
-- Each call changes its rows twice, which stay where they are.
with (fillfactor = 50);

create table cost_reservations (
  id uuid primary key,
  org_id uuid not null,
  workspace_id uuid not null references workspaces on delete cascade,
  -- When the call was about to be made, and the month to which it counts, whenever it ends.
  reserved_at timestamptz not null,
  month text not null check (month ~ '^\d{4}-\d\d$'),
  run_id uuid,
  node text,
  iteration integer,
  playbook text,
  agent text,
  user_id uuid,
  model text not null,
  alias text not null,
  task text not null,
  worst_case_microdollars bigint not null check (worst_case_microdollars >= 0),
  -- Which budgets hold it besides the month's.
  in_run_budget boolean not null,
  in_agent_budget boolean not null,
  -- `lost`: nothing was heard of the call, so it is booked at its worst case until whoever made it says better.
  state text not null default 'reserved' check (state in ('reserved', 'lost', 'settled', 'released')),
  lost_at timestamptz,
  ended_at timestamptz,
  -- What it is booked at; nothing while it is reserved.
  cost_microdollars bigint not null default 0
    check (cost_microdollars between 0 and worst_case_microdollars),
  check ((state = 'reserved') = (ended_at is null)),
  check (state not in ('reserved', 'released') or cost_microdollars = 0),
  check (state <> 'lost' or lost_at is not null and cost_microdollars = worst_case_microdollars),
  check (run_id is not null or not in_run_budget),
  check (in_run_budget and agent is not null or not in_agent_budget)
);
create index cost_reservations_open on cost_reservations (reserved_at) where state = 'reserved';
create index cost_reservations_ended on cost_reservations (ended_at) where state <> 'reserved';
create index cost_reservations_workspace on cost_reservations (workspace_id);

-- One row for each call, under the id of its reservation, from when it has ended.
create table cost_logs (
  id uuid primary key,
  org_id uuid not null,
  workspace_id uuid not null references workspaces on delete cascade,
  -- When the call began: what a month's calls cost is what was spent of its budget.
  occurred_at timestamptz not null,
  run_id uuid,
  node text,
  iteration integer,
  playbook text,
  agent text,
  -- No reference: a call can end after the person has gone.
  user_id uuid,
  model text not null,
  alias text not null,
  task text not null,
  input_tokens bigint not null check (input_tokens >= 0),
  cached_input_tokens bigint not null check (cached_input_tokens >= 0),
  output_tokens bigint not null check (output_tokens >= 0),
  thinking_tokens bigint not null check (thinking_tokens >= 0),
  cost_microdollars bigint not null check (cost_microdollars >= 0),
  -- What it is said to have cost beyond the worst case that was set aside; no budget has paid for it.
  uncovered_microdollars bigint not null default 0 check (uncovered_microdollars >= 0),
  -- The provider didn't say what it took: this is our bound.
  estimated boolean not null,
  milliseconds integer not null check (milliseconds >= 0),
  finish text not null check (finish in ('stop', 'tools', 'length', 'safety', 'failed', 'lost')),
  failure jsonb,
  -- In the bucket of artifacts: what was asked and answered, redacted.
  artifact_key text,
  logged_at timestamptz not null default now(),
  check (failure is null or finish = 'failed')
);
create index cost_logs_list on cost_logs (workspace_id, occurred_at, id);
create index cost_logs_run on cost_logs (run_id) where run_id is not null;

alter table cost_scopes enable row level security;
alter table cost_scopes force row level security;
alter table cost_reservations enable row level security;
alter table cost_reservations force row level security;
alter table cost_logs enable row level security;
alter table cost_logs force row level security;

create policy tenant on cost_scopes
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on cost_reservations
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
-- The schedule that looks for lost calls goes across organizations; to change one it enters its organization.
create policy upkeep on cost_reservations for select using (app_is_system());
create policy forgotten on cost_reservations for delete using (app_is_system() and state <> 'reserved');

create policy visible on cost_logs for select using (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy written on cost_logs for insert with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
-- A log is not changed, unless nobody knew what the call cost.
create policy corrected on cost_logs for update
  using (org_id = app_org_id() and app_sees_workspace(workspace_id) and finish = 'lost')
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy erased_with_workspace on cost_logs for delete
  using (
    org_id = app_org_id() and app_sees_workspace(workspace_id) and exists (
      select from workspaces w join organizations o on o.id = w.org_id
      where w.id = cost_logs.workspace_id and (w.deleting_at is not null or o.deleting_at is not null)
    )
  );

grant select, insert, update, delete on cost_scopes, cost_reservations to adapt_app;
grant select, insert, delete on cost_logs to adapt_app;
grant update (input_tokens, cached_input_tokens, output_tokens, thinking_tokens, cost_microdollars,
  uncovered_microdollars, estimated, milliseconds, finish, failure, artifact_key) on cost_logs to adapt_app;
