-- Exactly-once effects over at-least-once delivery: a message leaves through outbox rows written in the effect's
-- transaction, and enters through processed_messages, also written in the effect's transaction.

create table outbox (
  id uuid primary key,
  org_id uuid references organizations on delete cascade,
  kind text not null check (kind in ('event', 'task')),
  -- The topic of an event, the function's name of a task.
  target text not null,
  queue text,
  ordering_key text,
  attributes jsonb not null default '{}',
  body jsonb not null,
  not_before timestamptz,
  created_at timestamptz not null default now(),
  check ((kind = 'task') = (queue is not null))
);
create index outbox_age on outbox (created_at);

create table processed_messages (
  consumer text not null,
  message_id text not null,
  processed_at timestamptz not null default now(),
  primary key (consumer, message_id)
);
create index processed_messages_age on processed_messages (processed_at);

create table dead_letters (
  id uuid primary key,
  org_id uuid references organizations on delete cascade,
  kind text not null check (kind in ('event', 'task')),
  consumer text not null,
  message_id text not null,
  body jsonb not null,
  attempts integer not null,
  error jsonb not null,
  created_at timestamptz not null default now(),
  unique (consumer, message_id)
);
create index dead_letters_list on dead_letters (org_id, id);

create table jobs (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid references workspaces on delete cascade,
  kind text not null,
  status text not null check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  done integer not null default 0,
  total integer not null default 0,
  message text not null default '',
  -- Counts the changes; each one is a row of job_events with this number.
  version integer not null default 0,
  subject_id uuid,
  result jsonb,
  error jsonb,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  finished_at timestamptz
);
create index jobs_list on jobs (org_id, id);
create index jobs_unfinished on jobs (updated_at) where status in ('queued', 'running');

create table job_events (
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid references workspaces on delete cascade,
  job_id uuid not null references jobs on delete cascade,
  sequence integer not null,
  type text not null,
  data jsonb not null,
  created_at timestamptz not null default now(),
  primary key (job_id, sequence)
);

alter table outbox enable row level security;
alter table outbox force row level security;
alter table dead_letters enable row level security;
alter table dead_letters force row level security;
alter table jobs enable row level security;
alter table jobs force row level security;
alter table job_events enable row level security;
alter table job_events force row level security;

create policy tenant on outbox
  using (org_id = app_org_id() or app_is_system()) with check (org_id = app_org_id() or app_is_system());
-- A letter may be of an organization that is gone, and then belongs to nobody.
create policy tenant on dead_letters
  using (org_id = app_org_id() or app_is_system())
  with check (org_id = app_org_id() or org_id is null or app_is_system());
create policy tenant on jobs
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on job_events
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));

grant select, insert, update, delete on outbox, processed_messages, dead_letters, jobs, job_events to adapt_app;
