-- Made by `npm run schema` from the migrations; do not edit. `npm run check` fails when it is stale.

CREATE OR REPLACE FUNCTION public.app_is_system()
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (COALESCE(current_setting('app.system'::text, true), ''::text) = 'on'::text)

CREATE OR REPLACE FUNCTION public.app_org_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('app.org_id'::text, true), ''::text))::uuid

CREATE OR REPLACE FUNCTION public.app_sees_workspace(workspace uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN ((workspace IS NULL) OR (COALESCE(current_setting('app.workspace_id'::text, true), ''::text) = ANY (ARRAY['any'::text, (workspace)::text])))

CREATE OR REPLACE FUNCTION public.app_user_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid

CREATE OR REPLACE FUNCTION public.tlp_rank(level text)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN array_position(ARRAY['CLEAR'::text, 'GREEN'::text, 'AMBER'::text, 'AMBER+STRICT'::text, 'RED'::text], level)

create table api_keys (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid,
  name text not null,
  prefix text not null,
  key_sha256 bytea not null,
  scopes jsonb not null,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  replaced_by uuid,
  created_by uuid,
  created_at timestamp with time zone not null default now()
);

create table blocklists (
  id uuid not null,
  org_id uuid not null,
  name text not null,
  token_sha256 bytea not null,
  token_prefix text not null,
  types jsonb not null,
  maximum_tlp text not null,
  minimum_confidence smallint not null,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  revoked_at timestamp with time zone
);

create table dead_letters (
  id uuid not null,
  org_id uuid,
  kind text not null,
  consumer text not null,
  message_id text not null,
  body jsonb not null,
  attempts integer not null,
  error jsonb not null,
  created_at timestamp with time zone not null default now()
);

create table document_passages (
  org_id uuid not null,
  workspace_id uuid not null,
  document_id uuid not null,
  ordinal integer not null,
  page integer,
  start_offset integer not null,
  text text not null,
  search tsvector
);

create table documents (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  project_id uuid,
  file_name text not null,
  content_type text not null,
  declared_size_bytes bigint not null,
  size_bytes bigint,
  sha256 text,
  format text,
  title text,
  page_count integer,
  character_count integer,
  tlp text not null,
  tlp_declared boolean not null,
  status text not null,
  duplicate_of uuid,
  object_key text not null,
  job_id uuid,
  error jsonb,
  counts jsonb not null default '{}'::jsonb,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table entities (
  id uuid not null,
  org_id uuid not null,
  kind text not null,
  external_id text not null,
  name text not null,
  tlp text not null,
  first_seen timestamp with time zone not null,
  last_seen timestamp with time zone not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table evidence (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  document_id uuid not null,
  indicator_id uuid,
  entity_id uuid,
  page integer,
  start_offset integer not null,
  end_offset integer not null,
  quote text not null,
  sentence text not null,
  how text not null,
  defanged boolean not null default false,
  suppressed_reason text,
  suppressed_list text,
  confidence smallint not null,
  created_at timestamp with time zone not null default now()
);

create table exports (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  format text not null,
  filter jsonb not null,
  status text not null,
  object_key text not null,
  size_bytes bigint,
  job_id uuid,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table indicators (
  id uuid not null,
  org_id uuid not null,
  type text not null,
  value text not null,
  value_sha256 bytea not null,
  tlp text not null,
  confidence smallint not null,
  suppressed_reason text,
  suppressed_list text,
  first_seen timestamp with time zone not null,
  last_seen timestamp with time zone not null,
  valid_until timestamp with time zone not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table invitations (
  id uuid not null,
  org_id uuid not null,
  email text not null,
  role text not null,
  workspace_ids jsonb not null default '[]'::jsonb,
  token_sha256 bytea not null,
  expires_at timestamp with time zone not null,
  accepted_at timestamp with time zone,
  accepted_by uuid,
  revoked_at timestamp with time zone,
  created_by uuid,
  created_at timestamp with time zone not null default now()
);

create table job_events (
  org_id uuid not null,
  workspace_id uuid,
  job_id uuid not null,
  sequence integer not null,
  type text not null,
  data jsonb not null,
  created_at timestamp with time zone not null default now()
);

create table jobs (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid,
  kind text not null,
  status text not null,
  done integer not null default 0,
  total integer not null default 0,
  message text not null default ''::text,
  version integer not null default 0,
  subject_id uuid,
  result jsonb,
  error jsonb,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  finished_at timestamp with time zone
);

create table memberships (
  org_id uuid not null,
  user_id uuid not null,
  role text not null,
  created_at timestamp with time zone not null default now(),
  disabled_at timestamp with time zone
);

create table notifications (
  id uuid not null,
  org_id uuid not null,
  user_id uuid not null,
  kind text not null,
  title text not null,
  body text not null,
  subject_id uuid,
  read_at timestamp with time zone,
  created_at timestamp with time zone not null default now()
);

create table organizations (
  id uuid not null,
  name text not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  settings jsonb not null default '{}'::jsonb,
  deleting_at timestamp with time zone
);

create table outbox (
  id uuid not null,
  org_id uuid,
  kind text not null,
  target text not null,
  queue text,
  ordering_key text,
  attributes jsonb not null default '{}'::jsonb,
  body jsonb not null,
  not_before timestamp with time zone,
  created_at timestamp with time zone not null default now()
);

create table processed_messages (
  consumer text not null,
  message_id text not null,
  processed_at timestamp with time zone not null default now()
);

create table projects (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  name text not null,
  description text not null default ''::text,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table user_permissions (
  org_id uuid not null,
  user_id uuid not null,
  permission text not null,
  granted_by uuid,
  created_at timestamp with time zone not null default now()
);

create table users (
  id uuid not null,
  auth_sub text not null,
  email text not null,
  display_name text,
  disabled_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  operator_since timestamp with time zone,
  deleted_at timestamp with time zone,
  locale text not null default 'en'::text,
  time_zone text not null default 'UTC'::text,
  preferences jsonb not null default '{}'::jsonb
);

create table workspace_members (
  org_id uuid not null,
  workspace_id uuid not null,
  user_id uuid not null,
  role text not null,
  created_at timestamp with time zone not null default now()
);

create table workspaces (
  id uuid not null,
  org_id uuid not null,
  name text not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

alter table api_keys add constraint api_keys_pkey PRIMARY KEY (id);

alter table api_keys add constraint api_keys_key_sha256_key UNIQUE (key_sha256);

alter table api_keys add constraint api_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table api_keys add constraint api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table api_keys add constraint api_keys_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table api_keys add constraint api_keys_replaced_by_fkey FOREIGN KEY (replaced_by) REFERENCES api_keys(id) ON DELETE SET NULL;

alter table api_keys add constraint api_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table blocklists add constraint blocklists_pkey PRIMARY KEY (id);

alter table blocklists add constraint blocklists_token_sha256_key UNIQUE (token_sha256);

alter table blocklists add constraint blocklists_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table blocklists add constraint blocklists_maximum_tlp_check CHECK ((maximum_tlp = ANY (ARRAY['CLEAR'::text, 'GREEN'::text, 'AMBER'::text, 'AMBER+STRICT'::text, 'RED'::text])));

alter table blocklists add constraint blocklists_minimum_confidence_check CHECK (((minimum_confidence >= 0) AND (minimum_confidence <= 100)));

alter table blocklists add constraint blocklists_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table blocklists add constraint blocklists_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table dead_letters add constraint dead_letters_pkey PRIMARY KEY (id);

alter table dead_letters add constraint dead_letters_consumer_message_id_key UNIQUE (consumer, message_id);

alter table dead_letters add constraint dead_letters_kind_check CHECK ((kind = ANY (ARRAY['event'::text, 'task'::text])));

alter table dead_letters add constraint dead_letters_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table document_passages add constraint document_passages_pkey PRIMARY KEY (document_id, ordinal);

alter table document_passages add constraint document_passages_document_id_fkey FOREIGN KEY (document_id) REFERENCES documents(id) ON DELETE CASCADE;

alter table document_passages add constraint document_passages_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table document_passages add constraint document_passages_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table documents add constraint documents_pkey PRIMARY KEY (id);

alter table documents add constraint documents_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table documents add constraint documents_duplicate_of_fkey FOREIGN KEY (duplicate_of) REFERENCES documents(id) ON DELETE SET NULL;

alter table documents add constraint documents_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE SET NULL;

alter table documents add constraint documents_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table documents add constraint documents_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE SET NULL;

alter table documents add constraint documents_status_check CHECK ((status = ANY (ARRAY['awaiting_upload'::text, 'processing'::text, 'ready'::text, 'rejected'::text, 'failed'::text, 'duplicate'::text])));

alter table documents add constraint documents_tlp_check CHECK ((tlp = ANY (ARRAY['CLEAR'::text, 'GREEN'::text, 'AMBER'::text, 'AMBER+STRICT'::text, 'RED'::text])));

alter table documents add constraint documents_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table entities add constraint entities_pkey PRIMARY KEY (id);

alter table entities add constraint entities_org_id_kind_external_id_key UNIQUE (org_id, kind, external_id);

alter table entities add constraint entities_kind_check CHECK ((kind = ANY (ARRAY['technique'::text, 'actor'::text, 'software'::text, 'vulnerability'::text])));

alter table entities add constraint entities_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table entities add constraint entities_tlp_check CHECK ((tlp = ANY (ARRAY['CLEAR'::text, 'GREEN'::text, 'AMBER'::text, 'AMBER+STRICT'::text, 'RED'::text])));

alter table evidence add constraint evidence_pkey PRIMARY KEY (id);

alter table evidence add constraint evidence_check CHECK ((num_nonnulls(indicator_id, entity_id) = 1));

alter table evidence add constraint evidence_check1 CHECK (((start_offset >= 0) AND (end_offset > start_offset)));

alter table evidence add constraint evidence_confidence_check CHECK (((confidence >= 0) AND (confidence <= 100)));

alter table evidence add constraint evidence_document_id_fkey FOREIGN KEY (document_id) REFERENCES documents(id) ON DELETE CASCADE;

alter table evidence add constraint evidence_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES entities(id) ON DELETE CASCADE;

alter table evidence add constraint evidence_indicator_id_fkey FOREIGN KEY (indicator_id) REFERENCES indicators(id) ON DELETE CASCADE;

alter table evidence add constraint evidence_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table evidence add constraint evidence_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table exports add constraint exports_pkey PRIMARY KEY (id);

alter table exports add constraint exports_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table exports add constraint exports_format_check CHECK ((format = ANY (ARRAY['stix'::text, 'csv'::text])));

alter table exports add constraint exports_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE SET NULL;

alter table exports add constraint exports_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table exports add constraint exports_status_check CHECK ((status = ANY (ARRAY['processing'::text, 'ready'::text, 'failed'::text])));

alter table exports add constraint exports_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table indicators add constraint indicators_pkey PRIMARY KEY (id);

alter table indicators add constraint indicators_org_id_type_value_sha256_key UNIQUE (org_id, type, value_sha256);

alter table indicators add constraint indicators_check CHECK (((suppressed_reason IS NULL) = (suppressed_list IS NULL)));

alter table indicators add constraint indicators_confidence_check CHECK (((confidence >= 0) AND (confidence <= 100)));

alter table indicators add constraint indicators_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table indicators add constraint indicators_tlp_check CHECK ((tlp = ANY (ARRAY['CLEAR'::text, 'GREEN'::text, 'AMBER'::text, 'AMBER+STRICT'::text, 'RED'::text])));

alter table invitations add constraint invitations_pkey PRIMARY KEY (id);

alter table invitations add constraint invitations_token_sha256_key UNIQUE (token_sha256);

alter table invitations add constraint invitations_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES users(id) ON DELETE SET NULL;

alter table invitations add constraint invitations_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table invitations add constraint invitations_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table invitations add constraint invitations_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'editor'::text, 'viewer'::text])));

alter table job_events add constraint job_events_pkey PRIMARY KEY (job_id, sequence);

alter table job_events add constraint job_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;

alter table job_events add constraint job_events_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table job_events add constraint job_events_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table jobs add constraint jobs_pkey PRIMARY KEY (id);

alter table jobs add constraint jobs_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table jobs add constraint jobs_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table jobs add constraint jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])));

alter table jobs add constraint jobs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table memberships add constraint memberships_pkey PRIMARY KEY (org_id, user_id);

alter table memberships add constraint memberships_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table memberships add constraint memberships_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'editor'::text, 'viewer'::text])));

alter table memberships add constraint memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

alter table notifications add constraint notifications_pkey PRIMARY KEY (id);

alter table notifications add constraint notifications_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table notifications add constraint notifications_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

alter table organizations add constraint organizations_pkey PRIMARY KEY (id);

alter table organizations add constraint organizations_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table outbox add constraint outbox_pkey PRIMARY KEY (id);

alter table outbox add constraint outbox_check CHECK (((kind = 'task'::text) = (queue IS NOT NULL)));

alter table outbox add constraint outbox_kind_check CHECK ((kind = ANY (ARRAY['event'::text, 'task'::text])));

alter table outbox add constraint outbox_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table processed_messages add constraint processed_messages_pkey PRIMARY KEY (consumer, message_id);

alter table projects add constraint projects_pkey PRIMARY KEY (id);

alter table projects add constraint projects_workspace_id_name_key UNIQUE (workspace_id, name);

alter table projects add constraint projects_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table projects add constraint projects_description_check CHECK ((length(description) <= 4000));

alter table projects add constraint projects_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table projects add constraint projects_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table projects add constraint projects_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table user_permissions add constraint user_permissions_pkey PRIMARY KEY (org_id, user_id, permission);

alter table user_permissions add constraint user_permissions_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES users(id) ON DELETE SET NULL;

alter table user_permissions add constraint user_permissions_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES memberships(org_id, user_id) ON DELETE CASCADE;

alter table users add constraint users_pkey PRIMARY KEY (id);

alter table users add constraint users_auth_sub_key UNIQUE (auth_sub);

alter table workspace_members add constraint workspace_members_pkey PRIMARY KEY (workspace_id, user_id);

alter table workspace_members add constraint workspace_members_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table workspace_members add constraint workspace_members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text])));

alter table workspace_members add constraint workspace_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

alter table workspace_members add constraint workspace_members_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table workspaces add constraint workspaces_pkey PRIMARY KEY (id);

alter table workspaces add constraint workspaces_org_id_name_key UNIQUE (org_id, name);

alter table workspaces add constraint workspaces_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table workspaces add constraint workspaces_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

CREATE INDEX api_keys_list ON public.api_keys USING btree (org_id, id);

CREATE INDEX blocklists_list ON public.blocklists USING btree (org_id, id);

CREATE INDEX dead_letters_list ON public.dead_letters USING btree (org_id, id);

CREATE INDEX document_passages_search ON public.document_passages USING gin (search);

CREATE UNIQUE INDEX documents_content ON public.documents USING btree (workspace_id, sha256) WHERE (sha256 IS NOT NULL);

CREATE INDEX documents_list ON public.documents USING btree (org_id, workspace_id, id);

CREATE INDEX documents_project ON public.documents USING btree (project_id) WHERE (project_id IS NOT NULL);

CREATE INDEX entities_list ON public.entities USING btree (org_id, kind, id);

CREATE INDEX evidence_document ON public.evidence USING btree (org_id, document_id, id);

CREATE INDEX evidence_entity ON public.evidence USING btree (entity_id, id) WHERE (entity_id IS NOT NULL);

CREATE INDEX evidence_indicator ON public.evidence USING btree (indicator_id, id) WHERE (indicator_id IS NOT NULL);

CREATE UNIQUE INDEX evidence_once ON public.evidence USING btree (document_id, COALESCE(indicator_id, entity_id), start_offset, end_offset);

CREATE INDEX exports_list ON public.exports USING btree (org_id, id);

CREATE INDEX indicators_list ON public.indicators USING btree (org_id, id);

CREATE INDEX indicators_prefix ON public.indicators USING btree (org_id, "left"(value, 200) text_pattern_ops);

CREATE INDEX invitations_list ON public.invitations USING btree (org_id, id);

CREATE UNIQUE INDEX invitations_open ON public.invitations USING btree (org_id, lower(email)) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));

CREATE INDEX jobs_list ON public.jobs USING btree (org_id, id);

CREATE INDEX jobs_unfinished ON public.jobs USING btree (updated_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX memberships_user ON public.memberships USING btree (user_id, created_at);

CREATE INDEX notifications_list ON public.notifications USING btree (org_id, user_id, id);

CREATE INDEX outbox_age ON public.outbox USING btree (created_at);

CREATE INDEX processed_messages_age ON public.processed_messages USING btree (processed_at);

CREATE INDEX projects_list ON public.projects USING btree (org_id, workspace_id, id);

CREATE INDEX workspace_members_org ON public.workspace_members USING btree (org_id);

CREATE INDEX workspace_members_user ON public.workspace_members USING btree (user_id);

alter table api_keys enable row level security;
alter table api_keys force row level security;

alter table blocklists enable row level security;
alter table blocklists force row level security;

alter table dead_letters enable row level security;
alter table dead_letters force row level security;

alter table document_passages enable row level security;
alter table document_passages force row level security;

alter table documents enable row level security;
alter table documents force row level security;

alter table entities enable row level security;
alter table entities force row level security;

alter table evidence enable row level security;
alter table evidence force row level security;

alter table exports enable row level security;
alter table exports force row level security;

alter table indicators enable row level security;
alter table indicators force row level security;

alter table invitations enable row level security;
alter table invitations force row level security;

alter table job_events enable row level security;
alter table job_events force row level security;

alter table jobs enable row level security;
alter table jobs force row level security;

alter table memberships enable row level security;
alter table memberships force row level security;

alter table notifications enable row level security;
alter table notifications force row level security;

alter table organizations enable row level security;
alter table organizations force row level security;

alter table outbox enable row level security;
alter table outbox force row level security;

alter table projects enable row level security;
alter table projects force row level security;

alter table user_permissions enable row level security;
alter table user_permissions force row level security;

alter table users enable row level security;
alter table users force row level security;

alter table workspace_members enable row level security;
alter table workspace_members force row level security;

alter table workspaces enable row level security;
alter table workspaces force row level security;

create policy tenant on api_keys for all
  using (((org_id = app_org_id()) OR app_is_system()))
  with check (((org_id = app_org_id()) OR app_is_system()));

create policy tenant on blocklists for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy tenant on dead_letters for all
  using (((org_id = app_org_id()) OR app_is_system()))
  with check (((org_id = app_org_id()) OR (org_id IS NULL) OR app_is_system()));

create policy tenant on document_passages for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on documents for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on entities for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy tenant on evidence for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on exports for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on indicators for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy tenant on invitations for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy tenant on job_events for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on jobs for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on memberships for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy visible on memberships for select
  using (((org_id = app_org_id()) OR (user_id = app_user_id()) OR app_is_system()))
  with check ();

create policy tenant on notifications for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy tenant on organizations for all
  using ((id = app_org_id()))
  with check ((id = app_org_id()));

create policy visible on organizations for select
  using (((id = app_org_id()) OR app_is_system() OR (EXISTS ( SELECT
   FROM memberships m
  WHERE ((m.org_id = organizations.id) AND (m.user_id = app_user_id()))))))
  with check ();

create policy tenant on outbox for all
  using (((org_id = app_org_id()) OR app_is_system()))
  with check (((org_id = app_org_id()) OR app_is_system()));

create policy tenant on projects for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on user_permissions for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy visible on user_permissions for select
  using (((org_id = app_org_id()) OR app_is_system()))
  with check ();

create policy own on users for all
  using (((id = app_user_id()) OR app_is_system()))
  with check (((id = app_user_id()) OR app_is_system()));

create policy visible on users for select
  using (((id = app_user_id()) OR app_is_system() OR (EXISTS ( SELECT
   FROM memberships m
  WHERE ((m.user_id = users.id) AND (m.org_id = app_org_id()))))))
  with check ();

create policy tenant on workspace_members for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy visible on workspace_members for select
  using (((org_id = app_org_id()) OR app_is_system()))
  with check ();

create policy tenant on workspaces for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy visible on workspaces for select
  using (((org_id = app_org_id()) OR app_is_system()))
  with check ();

grant delete, insert, select, update on api_keys to adapt_app;

grant delete, insert, select, update on blocklists to adapt_app;

grant delete, insert, select, update on dead_letters to adapt_app;

grant delete, insert, select, update on document_passages to adapt_app;

grant delete, insert, select, update on documents to adapt_app;

grant delete, insert, select, update on entities to adapt_app;

grant delete, insert, select, update on evidence to adapt_app;

grant delete, insert, select, update on exports to adapt_app;

grant delete, insert, select, update on indicators to adapt_app;

grant delete, insert, select, update on invitations to adapt_app;

grant delete, insert, select, update on job_events to adapt_app;

grant delete, insert, select, update on jobs to adapt_app;

grant delete, insert, select, update on memberships to adapt_app;

grant delete, insert, select, update on notifications to adapt_app;

grant delete, insert, select, update on organizations to adapt_app;

grant delete, insert, select, update on outbox to adapt_app;

grant delete, insert, select, update on processed_messages to adapt_app;

grant delete, insert, select, update on projects to adapt_app;

grant delete, insert, select, update on user_permissions to adapt_app;

grant delete, insert, select on users to adapt_app;

grant delete, insert, select, update on workspace_members to adapt_app;

grant delete, insert, select, update on workspaces to adapt_app;
