-- Identity and tenancy. Every table with org_id has forced row-level security; the application connects as
-- adapt_app, which owns nothing and cannot bypass it. The runtime says who is asking with set_config(…, true)
-- inside each transaction; without that every policy below denies.

create function app_org_id() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.org_id', true), '')::uuid;

create function app_user_id() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.user_id', true), '')::uuid;

-- True only for the runtime's own fixed statements: resolving a principal, sweeping the outbox, retention.
create function app_is_system() returns boolean language sql stable parallel safe
  return coalesce(current_setting('app.system', true), '') = 'on';

-- 'any' is set for jobs, which work for the whole organization; a person works inside one workspace.
create function app_sees_workspace(workspace uuid) returns boolean language sql stable parallel safe
  return workspace is null or coalesce(current_setting('app.workspace_id', true), '') in ('any', workspace::text);

create table users (
  id uuid primary key,
  auth_sub text not null unique,
  email text not null,
  display_name text,
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table organizations (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table memberships (
  org_id uuid not null references organizations on delete cascade,
  user_id uuid not null references users on delete cascade,
  role text not null check (role in ('owner', 'admin', 'editor', 'viewer')),
  created_at timestamptz not null default now(),
  primary key (org_id, user_id)
);
create index memberships_user on memberships (user_id, created_at);

create table workspaces (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, name)
);

create table workspace_members (
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  user_id uuid not null references users on delete cascade,
  role text not null check (role in ('owner', 'admin', 'member')),
  created_at timestamptz not null default now(),
  primary key (workspace_id, user_id)
);
create index workspace_members_user on workspace_members (user_id);
create index workspace_members_org on workspace_members (org_id);

create table projects (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  name text not null check (length(name) between 1 and 200),
  description text not null default '' check (length(description) <= 4000),
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, name)
);
create index projects_list on projects (org_id, workspace_id, id);

alter table users enable row level security;
alter table users force row level security;
alter table organizations enable row level security;
alter table organizations force row level security;
alter table memberships enable row level security;
alter table memberships force row level security;
alter table workspaces enable row level security;
alter table workspaces force row level security;
alter table workspace_members enable row level security;
alter table workspace_members force row level security;
alter table projects enable row level security;
alter table projects force row level security;

-- Who someone is and where they belong can be read from outside of an organization: by the runtime, which resolves
-- principals, and by the person themselves. Changing it takes the organization's own scope, or the person's own row.
create policy visible on memberships for select
  using (org_id = app_org_id() or user_id = app_user_id() or app_is_system());
create policy tenant on memberships using (org_id = app_org_id()) with check (org_id = app_org_id());

create policy visible on users for select
  using (
    id = app_user_id()
    or app_is_system()
    or exists (select from memberships m where m.user_id = users.id and m.org_id = app_org_id())
  );
create policy own on users
  using (id = app_user_id() or app_is_system()) with check (id = app_user_id() or app_is_system());

create policy visible on organizations for select
  using (
    id = app_org_id()
    or app_is_system()
    or exists (select from memberships m where m.org_id = organizations.id and m.user_id = app_user_id())
  );
create policy tenant on organizations using (id = app_org_id()) with check (id = app_org_id());

create policy visible on workspaces for select using (org_id = app_org_id() or app_is_system());
create policy tenant on workspaces using (org_id = app_org_id()) with check (org_id = app_org_id());
create policy visible on workspace_members for select using (org_id = app_org_id() or app_is_system());
create policy tenant on workspace_members using (org_id = app_org_id()) with check (org_id = app_org_id());
create policy tenant on projects
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));

grant select, insert, update, delete
  on users, organizations, memberships, workspaces, workspace_members, projects to adapt_app;
