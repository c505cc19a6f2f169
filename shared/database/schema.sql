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

CREATE OR REPLACE FUNCTION public.append_audit(entries json)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  entry record;
  digest bytea;
  link_sequence bigint;
  link_hash bytea;
begin
  -- An entry's text is looked through once for all of its fields.
  for entry in
    select one.value::text as canonical, field.*
    from json_array_elements(entries) one, json_to_record(one.value) field (
      org_id uuid, occurred_at timestamptz, actor_kind text, actor_id text, action text, target_type text, target_id text,
      details json, request_id text, ip text)
  loop
    if entry.org_id is null
      or (entry.org_id is distinct from public.app_org_id() and not public.app_is_system()) then
      raise exception 'this is the log of another organization' using errcode = 'insufficient_privilege';
    end if;
    digest := sha256(convert_to(entry.canonical, 'UTF8'));
    insert into public.audit_heads as head (org_id, sequence, hash)
    values (entry.org_id, 1, sha256(decode(repeat('00', 32), 'hex') || int8send(1) || digest))
    on conflict (org_id) do update
      set sequence = head.sequence + 1, hash = sha256(head.hash || int8send(head.sequence + 1) || digest)
    returning sequence, hash into strict link_sequence, link_hash;
    insert into public.audit_logs (org_id, sequence, occurred_at, actor_kind, actor_id, action, target_type, target_id,
      details, request_id, ip, hash)
    values (entry.org_id, link_sequence, entry.occurred_at, entry.actor_kind, entry.actor_id, entry.action,
      entry.target_type, entry.target_id, entry.details, entry.request_id, entry.ip, link_hash);
  end loop;
end $function$

CREATE OR REPLACE FUNCTION public.complete_idempotent_request(key bytea, holder uuid, answer bytea)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update public.idempotent_requests set response = answer
  where key_sha256 = key and claim = holder and response is null;
  if not found then
    raise exception 'the claim of this request was lost' using errcode = 'RF409';
  end if;
end $function$

CREATE OR REPLACE FUNCTION public.drop_expired_partitions()
 RETURNS SETOF text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '3s'
AS $function$
declare
  oldest_month timestamp := date_trunc('month', now() at time zone 'UTC') - interval '13 months';
  parent regclass := to_regclass('public.api_usage_logs');
  month_partition text;
  key text;
begin
  if not public.app_is_system() then
    raise exception 'partitions are dropped by the runtime alone' using errcode = 'insufficient_privilege';
  end if;
  if parent is null then
    return;
  end if;
  for month_partition in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = parent and c.relname ~ '^api_usage_logs_[0-9]{4}_[0-9]{2}$'
      and c.relname < 'api_usage_logs' || to_char(oldest_month, '_YYYY_MM')
    order by 1
  loop
    execute format('drop table public.%I', month_partition);
    return next month_partition;
  end loop;
  select a.attname into strict key
  from pg_partitioned_table p join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
  where p.partrelid = parent;
  execute format('delete from public.api_usage_logs where %I < %L', key, oldest_month at time zone 'UTC');
end $function$

CREATE OR REPLACE FUNCTION public.ensure_month_partitions(parent text, months_ahead integer)
 RETURNS SETOF text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '3s'
AS $function$
declare
  -- Midnight in UTC, whatever the session's time zone.
  this_month timestamp := date_trunc('month', now() at time zone 'UTC');
  month timestamp;
  month_partition text;
begin
  if not public.app_is_system() then
    raise exception 'partitions are made by the runtime alone' using errcode = 'insufficient_privilege';
  end if;
  if parent is null or parent not in ('audit_logs', 'api_usage_logs') then
    raise exception 'this table has no partitions by month' using errcode = 'invalid_parameter_value';
  end if;
  -- The migration that makes the table may be yet to come.
  if to_regclass(format('public.%I', parent)) is null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('ensure_month_partitions'));
  for ahead in 0..least(months_ahead, 24) loop
    month := this_month + make_interval(months => ahead);
    month_partition := parent || to_char(month, '_YYYY_MM');
    continue when to_regclass(format('public.%I', month_partition)) is not null;
    begin
      execute format('create table public.%I (like public.%I including all)', month_partition, parent);
      execute format('revoke all on public.%I from public, adapt_app', month_partition);
      execute format('alter table public.%I enable row level security', month_partition);
      execute format('alter table public.%I force row level security', month_partition);
      if parent = 'audit_logs' then
        execute format('create trigger append_only_truncate before truncate on public.%I
          for each statement execute function public.refuse_audit_change()', month_partition);
      end if;
      execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)',
        parent, month_partition, month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
    exception when check_violation then
      return next month_partition;
    end;
  end loop;
end $function$

CREATE OR REPLACE FUNCTION public.erase_audit(organization uuid, at_most integer)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  erased bigint;
begin
  if organization is distinct from public.app_org_id() and not public.app_is_system() then
    raise exception 'this is the log of another organization' using errcode = 'insufficient_privilege';
  end if;
  if not exists (select from public.organizations where id = organization and deleting_at is not null) then
    raise exception 'only with its organization' using errcode = 'insufficient_privilege';
  end if;
  -- Whoever is writing into it has finished, or waits.
  perform from public.audit_heads where org_id = organization for update;
  perform set_config('app.erasing_audit', organization::text, true);
  delete from public.audit_logs
  where org_id = organization
    and sequence < (select min(sequence) from public.audit_logs where org_id = organization) + at_most;
  get diagnostics erased = row_count;
  if not exists (select from public.audit_logs where org_id = organization) then
    delete from public.audit_heads where org_id = organization;
  end if;
  perform set_config('app.erasing_audit', '', true);
  return erased;
end $function$

CREATE OR REPLACE FUNCTION public.refuse_audit_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if tg_op = 'DELETE' then
    if old.org_id::text = current_setting('app.erasing_audit', true) then
      return old;
    end if;
  end if;
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end $function$

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

create table api_usage_logs (
  id uuid not null,
  org_id uuid not null,
  occurred_at timestamp with time zone not null,
  user_id uuid,
  key_id uuid,
  function_name text not null,
  method text not null,
  status smallint not null,
  milliseconds real not null,
  request_bytes bigint,
  response_bytes bigint,
  request_id text not null
) partition by RANGE (occurred_at);

create table audit_heads (
  org_id uuid not null,
  sequence bigint not null,
  hash bytea not null
);

create table audit_logs (
  org_id uuid not null,
  sequence bigint not null,
  occurred_at timestamp with time zone not null,
  actor_kind text not null,
  actor_id text,
  action text not null,
  target_type text not null,
  target_id text,
  details json not null,
  request_id text not null,
  ip text,
  hash bytea not null
) partition by RANGE (occurred_at);

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
  created_at timestamp with time zone not null default now(),
  queue text not null default 'default'::text,
  status text not null default 'open'::text,
  redrives integer not null default 0,
  redrive_id text,
  redriven_at timestamp with time zone,
  discarded_at timestamp with time zone,
  resolved_by uuid
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

create table feature_flag_changes (
  id uuid not null,
  flag_key text not null,
  action text not null,
  changed_by uuid,
  before jsonb,
  after jsonb,
  request_id text not null,
  changed_at timestamp with time zone not null default now()
);

create table feature_flags (
  key text not null,
  description text not null default ''::text,
  enabled boolean not null,
  percentage smallint not null,
  rules jsonb not null default '[]'::jsonb,
  updated_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table idempotent_requests (
  key_sha256 bytea not null,
  request_sha256 bytea not null,
  claim uuid not null,
  claimed_until timestamp with time zone not null,
  response bytea,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null
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
  account_deleted_at timestamp with time zone,
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
  updated_at timestamp with time zone not null default now(),
  deleting_at timestamp with time zone
);

alter table api_keys add constraint api_keys_pkey PRIMARY KEY (id);

alter table api_keys add constraint api_keys_key_sha256_key UNIQUE (key_sha256);

alter table api_keys add constraint api_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table api_keys add constraint api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table api_keys add constraint api_keys_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table api_keys add constraint api_keys_replaced_by_fkey FOREIGN KEY (replaced_by) REFERENCES api_keys(id) ON DELETE SET NULL;

alter table api_keys add constraint api_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table api_usage_logs add constraint api_usage_logs_pkey PRIMARY KEY (org_id, occurred_at, id) INCLUDE (function_name, status, milliseconds, user_id, key_id);

alter table audit_heads add constraint audit_heads_pkey PRIMARY KEY (org_id);

alter table audit_heads add constraint audit_heads_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id);

alter table audit_logs add constraint audit_logs_pkey PRIMARY KEY (org_id, sequence, occurred_at);

alter table audit_logs add constraint audit_logs_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['user'::text, 'key'::text, 'system'::text])));

alter table blocklists add constraint blocklists_pkey PRIMARY KEY (id);

alter table blocklists add constraint blocklists_token_sha256_key UNIQUE (token_sha256);

alter table blocklists add constraint blocklists_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table blocklists add constraint blocklists_maximum_tlp_check CHECK ((maximum_tlp = ANY (ARRAY['CLEAR'::text, 'GREEN'::text, 'AMBER'::text, 'AMBER+STRICT'::text, 'RED'::text])));

alter table blocklists add constraint blocklists_minimum_confidence_check CHECK (((minimum_confidence >= 0) AND (minimum_confidence <= 100)));

alter table blocklists add constraint blocklists_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table blocklists add constraint blocklists_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table dead_letters add constraint dead_letters_pkey PRIMARY KEY (id);

alter table dead_letters add constraint dead_letters_consumer_message_id_key UNIQUE (consumer, message_id);

alter table dead_letters add constraint dead_letters_redrive_id_key UNIQUE (redrive_id);

alter table dead_letters add constraint dead_letters_kind_check CHECK ((kind = ANY (ARRAY['event'::text, 'task'::text])));

alter table dead_letters add constraint dead_letters_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table dead_letters add constraint dead_letters_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES users(id) ON DELETE SET NULL;

alter table dead_letters add constraint dead_letters_status_check CHECK ((status = ANY (ARRAY['open'::text, 'redriven'::text, 'discarded'::text])));

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

alter table feature_flag_changes add constraint feature_flag_changes_pkey PRIMARY KEY (id);

alter table feature_flag_changes add constraint feature_flag_changes_action_check CHECK ((action = ANY (ARRAY['created'::text, 'updated'::text, 'deleted'::text])));

alter table feature_flags add constraint feature_flags_pkey PRIMARY KEY (key);

alter table feature_flags add constraint feature_flags_description_check CHECK ((length(description) <= 1000));

alter table feature_flags add constraint feature_flags_key_check CHECK ((key ~ '^FEATURE_[A-Z0-9_]{1,60}$'::text));

alter table feature_flags add constraint feature_flags_percentage_check CHECK (((percentage >= 0) AND (percentage <= 100)));

alter table feature_flags add constraint feature_flags_rules_check CHECK ((jsonb_typeof(rules) = 'array'::text));

alter table feature_flags add constraint feature_flags_updated_by_fkey FOREIGN KEY (updated_by) REFERENCES users(id) ON DELETE SET NULL;

alter table idempotent_requests add constraint idempotent_requests_pkey PRIMARY KEY (key_sha256);

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

CREATE INDEX api_keys_replaced_by ON public.api_keys USING btree (replaced_by) WHERE (replaced_by IS NOT NULL);

CREATE INDEX api_keys_workspace ON public.api_keys USING btree (workspace_id) WHERE (workspace_id IS NOT NULL);

CREATE INDEX api_usage_logs_3xx ON ONLY public.api_usage_logs USING btree (org_id, occurred_at, id) WHERE ((status >= 300) AND (status <= 399));

CREATE INDEX api_usage_logs_4xx ON ONLY public.api_usage_logs USING btree (org_id, occurred_at, id) WHERE ((status >= 400) AND (status <= 499));

CREATE INDEX api_usage_logs_5xx ON ONLY public.api_usage_logs USING btree (org_id, occurred_at, id) WHERE ((status >= 500) AND (status <= 599));

CREATE INDEX api_usage_logs_key ON ONLY public.api_usage_logs USING btree (org_id, key_id, occurred_at, id) WHERE (key_id IS NOT NULL);

CREATE INDEX api_usage_logs_route ON ONLY public.api_usage_logs USING btree (org_id, function_name, occurred_at, id);

CREATE INDEX api_usage_logs_user ON ONLY public.api_usage_logs USING btree (org_id, user_id, occurred_at, id) WHERE (user_id IS NOT NULL);

CREATE INDEX blocklists_list ON public.blocklists USING btree (org_id, id);

CREATE INDEX dead_letters_list ON public.dead_letters USING btree (org_id, id);

CREATE INDEX dead_letters_open ON public.dead_letters USING btree (org_id, consumer, id) WHERE (status = 'open'::text);

CREATE INDEX dead_letters_resolved_by ON public.dead_letters USING btree (resolved_by) WHERE (resolved_by IS NOT NULL);

CREATE INDEX document_passages_search ON public.document_passages USING gin (search);

CREATE INDEX document_passages_workspace ON public.document_passages USING btree (workspace_id);

CREATE UNIQUE INDEX documents_content ON public.documents USING btree (workspace_id, sha256) WHERE (sha256 IS NOT NULL);

CREATE INDEX documents_duplicate_of ON public.documents USING btree (duplicate_of) WHERE (duplicate_of IS NOT NULL);

CREATE INDEX documents_job ON public.documents USING btree (job_id) WHERE (job_id IS NOT NULL);

CREATE INDEX documents_list ON public.documents USING btree (org_id, workspace_id, id);

CREATE INDEX documents_project ON public.documents USING btree (project_id) WHERE (project_id IS NOT NULL);

CREATE INDEX documents_workspace ON public.documents USING btree (workspace_id);

CREATE INDEX entities_list ON public.entities USING btree (org_id, kind, id);

CREATE INDEX evidence_document ON public.evidence USING btree (org_id, document_id, id);

CREATE INDEX evidence_entity ON public.evidence USING btree (entity_id, id) WHERE (entity_id IS NOT NULL);

CREATE INDEX evidence_indicator ON public.evidence USING btree (indicator_id, id) WHERE (indicator_id IS NOT NULL);

CREATE UNIQUE INDEX evidence_once ON public.evidence USING btree (document_id, COALESCE(indicator_id, entity_id), start_offset, end_offset);

CREATE INDEX evidence_workspace ON public.evidence USING btree (workspace_id);

CREATE INDEX exports_job ON public.exports USING btree (job_id) WHERE (job_id IS NOT NULL);

CREATE INDEX exports_list ON public.exports USING btree (org_id, id);

CREATE INDEX exports_workspace ON public.exports USING btree (workspace_id);

CREATE INDEX feature_flag_changes_list ON public.feature_flag_changes USING btree (flag_key, id);

CREATE INDEX feature_flags_updated_by ON public.feature_flags USING btree (updated_by) WHERE (updated_by IS NOT NULL);

CREATE INDEX idempotent_requests_expiry ON public.idempotent_requests USING btree (expires_at);

CREATE INDEX indicators_list ON public.indicators USING btree (org_id, id);

CREATE INDEX indicators_prefix ON public.indicators USING btree (org_id, "left"(value, 200) text_pattern_ops);

CREATE INDEX invitations_address ON public.invitations USING btree (lower(email));

CREATE INDEX invitations_list ON public.invitations USING btree (org_id, id);

CREATE UNIQUE INDEX invitations_open ON public.invitations USING btree (org_id, lower(email)) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));

CREATE INDEX job_events_age ON public.job_events USING brin (created_at);

CREATE INDEX job_events_organization ON public.job_events USING btree (org_id);

CREATE INDEX job_events_workspace ON public.job_events USING btree (workspace_id) WHERE (workspace_id IS NOT NULL);

CREATE INDEX jobs_list ON public.jobs USING btree (org_id, id);

CREATE INDEX jobs_unfinished ON public.jobs USING btree (updated_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX jobs_workspace ON public.jobs USING btree (workspace_id) WHERE (workspace_id IS NOT NULL);

CREATE INDEX memberships_user ON public.memberships USING btree (user_id, created_at);

CREATE INDEX notifications_list ON public.notifications USING btree (org_id, user_id, id);

CREATE INDEX outbox_age ON public.outbox USING btree (created_at);

CREATE INDEX outbox_organization ON public.outbox USING btree (org_id);

CREATE INDEX processed_messages_age ON public.processed_messages USING btree (processed_at);

CREATE INDEX projects_list ON public.projects USING btree (org_id, workspace_id, id);

CREATE INDEX users_deleted ON public.users USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

CREATE INDEX workspace_members_org ON public.workspace_members USING btree (org_id);

CREATE INDEX workspace_members_user ON public.workspace_members USING btree (user_id);

CREATE TRIGGER append_only BEFORE DELETE ON public.audit_heads FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_heads FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.audit_logs FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_logs FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

alter table api_keys enable row level security;
alter table api_keys force row level security;

alter table api_usage_logs enable row level security;
alter table api_usage_logs force row level security;

alter table audit_heads enable row level security;
alter table audit_heads force row level security;

alter table audit_logs enable row level security;
alter table audit_logs force row level security;

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

alter table feature_flag_changes enable row level security;
alter table feature_flag_changes force row level security;

alter table feature_flags enable row level security;
alter table feature_flags force row level security;

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

create policy erased_with_organization on api_usage_logs for delete
  using ((app_is_system() OR ((org_id = app_org_id()) AND (EXISTS ( SELECT
   FROM organizations o
  WHERE ((o.id = api_usage_logs.org_id) AND (o.deleting_at IS NOT NULL)))))))
  with check ();

create policy visible on api_usage_logs for select
  using (((org_id = app_org_id()) OR app_is_system()))
  with check ();

create policy written_by_runtime on api_usage_logs for insert
  using ()
  with check (app_is_system());

create policy tenant on audit_heads for all
  using (((org_id = app_org_id()) OR app_is_system()))
  with check (((org_id = app_org_id()) OR app_is_system()));

create policy tenant on audit_logs for all
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

create policy operators on feature_flag_changes for insert
  using ()
  with check (app_is_system());

create policy readable on feature_flag_changes for select
  using (app_is_system())
  with check ();

create policy operators on feature_flags for all
  using (app_is_system())
  with check (app_is_system());

create policy readable on feature_flags for select
  using (true)
  with check ();

create policy tenant on indicators for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy addressed on invitations for select
  using (((app_org_id() IS NULL) AND (lower(email) = ( SELECT lower(u.email) AS lower
   FROM users u
  WHERE (u.id = app_user_id())))))
  with check ();

create policy addressed_removal on invitations for delete
  using (((app_org_id() IS NULL) AND (lower(email) = ( SELECT lower(u.email) AS lower
   FROM users u
  WHERE (u.id = app_user_id())))))
  with check ();

create policy tenant on invitations for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy tenant on job_events for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy upkeep on job_events for select
  using (app_is_system())
  with check ();

create policy tenant on jobs for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy upkeep on jobs for select
  using (app_is_system())
  with check ();

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

grant delete, insert, select on api_usage_logs to adapt_app;

grant select on audit_heads to adapt_app;

grant select on audit_logs to adapt_app;

grant delete, insert, select, update on blocklists to adapt_app;

grant delete, insert, select, update on dead_letters to adapt_app;

grant delete, insert, select, update on document_passages to adapt_app;

grant delete, insert, select, update on documents to adapt_app;

grant delete, insert, select, update on entities to adapt_app;

grant delete, insert, select, update on evidence to adapt_app;

grant delete, insert, select, update on exports to adapt_app;

grant insert, select on feature_flag_changes to adapt_app;

grant delete, insert, select, update on feature_flags to adapt_app;

grant delete, insert, select, update on idempotent_requests to adapt_app;

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
