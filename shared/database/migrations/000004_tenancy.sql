-- Who may do what, completed: extra permissions, suspended members, invitations, API keys, deletion.

alter table users
  -- Runs this installation: set by `npm run adapt -- operator`, never over the API.
  add column operator_since timestamptz,
  -- The person asked to be deleted; the row stays for as long as their last token could be shown.
  add column deleted_at timestamptz,
  -- Since when the identity provider has forgotten them too.
  add column account_deleted_at timestamptz,
  add column locale text not null default 'en',
  add column time_zone text not null default 'UTC',
  add column preferences jsonb not null default '{}';

-- A person's own row is theirs to change, but not what decides over them.
revoke update on users from adapt_app;
grant update (email, display_name, locale, time_zone, preferences, auth_sub, deleted_at, account_deleted_at, updated_at)
  on users to adapt_app;
create index users_deleted on users (deleted_at) where deleted_at is not null;

alter table organizations
  add column settings jsonb not null default '{}',
  -- Set when its owner has asked for its deletion: from then on nothing else is answered.
  add column deleting_at timestamptz;

-- A suspended member keeps the row, and may do nothing.
alter table memberships add column disabled_at timestamptz;

create table user_permissions (
  org_id uuid not null,
  user_id uuid not null,
  permission text not null,
  granted_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  primary key (org_id, user_id, permission),
  foreign key (org_id, user_id) references memberships (org_id, user_id) on delete cascade
);

create table invitations (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  email text not null,
  role text not null check (role in ('owner', 'admin', 'editor', 'viewer')),
  -- Workspaces that the invited person enters as a member.
  workspace_ids jsonb not null default '[]',
  token_sha256 bytea not null unique,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid references users on delete set null,
  revoked_at timestamptz,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now()
);
create index invitations_list on invitations (org_id, id);
create index invitations_address on invitations (lower(email));
create unique index invitations_open on invitations (org_id, lower(email))
  where accepted_at is null and revoked_at is null;

create table api_keys (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  -- Null: every workspace.
  workspace_id uuid references workspaces on delete cascade,
  name text not null check (length(name) between 1 and 200),
  -- The first characters, by which people tell their keys apart.
  prefix text not null,
  key_sha256 bytea not null unique,
  scopes jsonb not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  -- The key that took this one's place.
  replaced_by uuid references api_keys on delete set null,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now()
);
create index api_keys_list on api_keys (org_id, id);
create index api_keys_workspace on api_keys (workspace_id) where workspace_id is not null;
create index api_keys_replaced_by on api_keys (replaced_by) where replaced_by is not null;

alter table user_permissions enable row level security;
alter table user_permissions force row level security;
alter table invitations enable row level security;
alter table invitations force row level security;
alter table api_keys enable row level security;
alter table api_keys force row level security;

create policy visible on user_permissions for select using (org_id = app_org_id() or app_is_system());
create policy tenant on user_permissions using (org_id = app_org_id()) with check (org_id = app_org_id());
create policy tenant on invitations using (org_id = app_org_id()) with check (org_id = app_org_id());
-- Outside of every organization, a person finds what was sent to their address, to take it along or to remove it.
create policy addressed on invitations for select
  using (app_org_id() is null and lower(email) = (select lower(u.email) from users u where u.id = app_user_id()));
create policy addressed_removal on invitations for delete
  using (app_org_id() is null and lower(email) = (select lower(u.email) from users u where u.id = app_user_id()));
create policy tenant on api_keys
  using (org_id = app_org_id() or app_is_system()) with check (org_id = app_org_id() or app_is_system());

grant select, insert, update, delete on user_permissions, invitations, api_keys to adapt_app;

-- Set when a workspace is to be deleted: from then on nobody enters it.
alter table workspaces add column deleting_at timestamptz;

-- All rows of one organization or workspace are found, and what refers to a row that goes, without reading what is
-- others': deleting takes as long as there is to delete, however many tenants there are.
create index outbox_organization on outbox (org_id);
create index job_events_organization on job_events (org_id);
create index job_events_workspace on job_events (workspace_id) where workspace_id is not null;
create index jobs_workspace on jobs (workspace_id) where workspace_id is not null;
create index documents_workspace on documents (workspace_id);
create index documents_job on documents (job_id) where job_id is not null;
create index documents_duplicate_of on documents (duplicate_of) where duplicate_of is not null;
create index document_passages_workspace on document_passages (workspace_id);
create index evidence_workspace on evidence (workspace_id);
create index exports_workspace on exports (workspace_id);
create index exports_job on exports (job_id) where job_id is not null;
