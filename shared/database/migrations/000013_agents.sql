-- The council and its runs. A run is a graph of steps; each step is one task, done by whoever holds its lease.

create table agents (
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  key text not null check (key in ('architect', 'cognition', 'strategos', 'aesthete', 'seer', 'arbiter', 'herald')),
  enabled boolean not null default true,
  -- Beyond its purpose, in the workspace's own words.
  instructions text not null default '',
  settings jsonb not null default '{}',
  -- Counts the changes; each one is a row of agent_versions with this number.
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (workspace_id, key)
);

create table agent_versions (
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  key text not null,
  version integer not null,
  enabled boolean not null,
  instructions text not null,
  settings jsonb not null,
  changed_by uuid references users on delete set null,
  changed_at timestamptz not null default now(),
  primary key (workspace_id, key, version),
  foreign key (workspace_id, key) references agents on delete cascade
);

create table agent_runs (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  playbook text not null,
  status text not null
    check (status in ('queued', 'running', 'waiting_approval', 'completed', 'failed', 'cancelled')),
  input jsonb not null,
  -- Set instead where it is too large for a row: its key in the bucket of artifacts.
  input_key text,
  output jsonb,
  output_key text,
  error jsonb,
  budget_microdollars bigint check (budget_microdollars >= 0),
  job_id uuid references jobs on delete set null,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  finished_at timestamptz,
  check ((finished_at is not null) = (status in ('completed', 'failed', 'cancelled')))
);
create index agent_runs_list on agent_runs (org_id, workspace_id, id);
create index agent_runs_workspace on agent_runs (workspace_id, id);
create index agent_runs_job on agent_runs (job_id);
create index agent_runs_active on agent_runs (org_id, updated_at)
  where status in ('queued', 'running', 'waiting_approval');

create table agent_run_steps (
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  run_id uuid not null references agent_runs on delete cascade,
  node text not null,
  -- 0, and one more each time the playbook goes back over the node.
  iteration integer not null check (iteration >= 0),
  agent text,
  status text not null
    check (status in ('pending', 'running', 'waiting', 'succeeded', 'skipped', 'failed', 'cancelled')),
  attempt integer not null default 0,
  -- Whoever holds it may end the step; one that is out of date belongs to nobody.
  lease uuid,
  leased_until timestamptz,
  not_before timestamptz,
  -- Nodes to which it went on.
  taken jsonb not null default '[]',
  -- It read text from outside.
  tainted boolean not null default false,
  output jsonb,
  output_key text,
  error jsonb,
  decided_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  primary key (run_id, node, iteration),
  check ((status = 'running') = (lease is not null))
);
create index agent_run_steps_workspace on agent_run_steps (workspace_id);
create index agent_run_steps_open on agent_run_steps (coalesce(leased_until, not_before, created_at))
  where status in ('pending', 'running');

create table agent_tool_calls (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  run_id uuid not null references agent_runs on delete cascade,
  node text not null,
  iteration integer not null,
  attempt integer not null,
  agent text not null,
  tool text not null,
  input jsonb not null,
  output jsonb,
  -- `started`: reached outside, and nobody knows what came of it.
  status text not null check (status in ('started', 'done', 'refused', 'failed')),
  error jsonb,
  milliseconds integer not null,
  created_at timestamptz not null default now(),
  foreign key (run_id, node, iteration) references agent_run_steps on delete cascade
);
create index agent_tool_calls_run on agent_tool_calls (run_id, node, iteration);
create index agent_tool_calls_workspace on agent_tool_calls (workspace_id);

alter table agents enable row level security;
alter table agents force row level security;
alter table agent_versions enable row level security;
alter table agent_versions force row level security;
alter table agent_runs enable row level security;
alter table agent_runs force row level security;
alter table agent_run_steps enable row level security;
alter table agent_run_steps force row level security;
alter table agent_tool_calls enable row level security;
alter table agent_tool_calls force row level security;

create policy tenant on agents
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on agent_versions
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
-- The runtime looks for steps that nobody works on, in every organization.
create policy tenant on agent_runs
  using (app_is_system() or (org_id = app_org_id() and app_sees_workspace(workspace_id)))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on agent_run_steps
  using (app_is_system() or (org_id = app_org_id() and app_sees_workspace(workspace_id)))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on agent_tool_calls
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));

grant select, insert, update, delete
  on agents, agent_versions, agent_runs, agent_run_steps, agent_tool_calls to adapt_app;

-- How many runs an organization has under way, in workspaces that the asker may not see too; the number alone.
create function count_active_agent_runs() returns integer language plpgsql volatile as $$
declare
  workspace text := current_setting('app.workspace_id', true);
  counted integer;
begin
  perform set_config('app.workspace_id', 'any', true);
  select count(*) into counted from agent_runs
  where org_id = app_org_id() and status in ('queued', 'running', 'waiting_approval');
  perform set_config('app.workspace_id', coalesce(workspace, ''), true);
  return counted;
end
$$;
