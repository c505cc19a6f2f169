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

CREATE OR REPLACE FUNCTION public.billing_org_of(gateway_id text)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  -- Set by hand: who is no superuser can't say so in the function's head.
  before text := coalesce(current_setting('app.system', true), '');
  owner uuid;
begin
  perform set_config('app.system', 'on', true);
  select org_id into owner from (
    select org_id from public.orders where gateway_order_id = gateway_id
    union all
    select org_id from public.payments where gateway_payment_id = gateway_id
    union all
    select org_id from public.subscriptions
      where gateway_subscription_id = gateway_id or replaced_gateway_ids ? gateway_id
    union all
    select org_id from public.refunds where gateway_refund_id = gateway_id
  ) known
  limit 1;
  perform set_config('app.system', before, true);
  return owner;
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

CREATE OR REPLACE FUNCTION public.count_active_agent_runs()
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
$function$

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

CREATE OR REPLACE FUNCTION public.indicators_counted()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'INSERT' then
    insert into public.usage_meters as m (org_id, feature, month, used)
    select org_id, 'indicators', 'stock', count(*) from changed group by org_id order by org_id
    on conflict (org_id, feature, month) do update set used = m.used + excluded.used;
  else
    update public.usage_meters m set used = greatest(m.used - c.gone, 0)
    from (select org_id, count(*) as gone from changed group by org_id) c
    where m.org_id = c.org_id and m.feature = 'indicators' and m.month = 'stock';
  end if;
  return null;
end $function$

CREATE OR REPLACE FUNCTION public.invoices_keep_issued()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if old.status = 'draft' then return new; end if;
  if old.status = 'void' and new.status <> 'void' or new.status = 'draft'
    or (to_jsonb(new) - '{status,pdf_key,emailed_at}'::text[])
      is distinct from (to_jsonb(old) - '{status,pdf_key,emailed_at}'::text[]) then
    raise exception 'an issued invoice is not edited' using errcode = 'restrict_violation';
  end if;
  return new;
end $function$

CREATE OR REPLACE FUNCTION public.ledger_entries_written()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (select from written group by transaction_id, currency having sum(amount_paise) <> 0) then
    raise exception 'a ledger transaction must balance' using errcode = 'check_violation';
  end if;
  if exists (select from written group by transaction_id having count(*) < 2 or min(line) <> 1 or max(line) <> count(*)) then
    raise exception 'a ledger transaction is written at once, with lines from 1' using errcode = 'check_violation';
  end if;
  if exists (
    select from written w left join public.ledger_transactions t on t.id = w.transaction_id
    where t.id is null or t.org_id is distinct from w.org_id
  ) then
    raise exception 'an entry belongs where its transaction does' using errcode = 'check_violation';
  end if;
  -- Who books for an organization without its account's lock, or for the company, waits here and not in a circle.
  perform pg_advisory_xact_lock(hashtextextended('ledger ' || coalesce(org_id::text, 'company'), 0))
  from (select distinct org_id from written order by org_id) books;
  insert into public.ledger_balances as b (org_id, account, currency, balance_paise, entries)
  select org_id, account, currency, sum(amount_paise), count(*) from written
  group by org_id, account, currency
  order by org_id, account, currency
  on conflict (org_id, account, currency) do update
    set balance_paise = b.balance_paise + excluded.balance_paise, entries = b.entries + excluded.entries;
  return null;
end $function$

CREATE OR REPLACE FUNCTION public.ledger_is_append_only()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise exception 'the ledger is append-only' using errcode = 'restrict_violation';
end $function$

CREATE OR REPLACE FUNCTION public.ledger_transactions_written()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (
    select from written t where not exists (select from public.ledger_entries e where e.transaction_id = t.id)
  ) then
    raise exception 'a ledger transaction is written together with its entries' using errcode = 'check_violation';
  end if;
  return null;
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

create table agent_run_steps (
  org_id uuid not null,
  workspace_id uuid not null,
  run_id uuid not null,
  node text not null,
  iteration integer not null,
  agent text,
  status text not null,
  attempt integer not null default 0,
  lease uuid,
  leased_until timestamp with time zone,
  not_before timestamp with time zone,
  taken jsonb not null default '[]'::jsonb,
  tainted boolean not null default false,
  output jsonb,
  output_key text,
  error jsonb,
  decided_by uuid,
  created_at timestamp with time zone not null default now(),
  started_at timestamp with time zone,
  finished_at timestamp with time zone
);

create table agent_runs (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  playbook text not null,
  status text not null,
  input jsonb not null,
  input_key text,
  output jsonb,
  output_key text,
  error jsonb,
  budget_microdollars bigint,
  job_id uuid,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  finished_at timestamp with time zone
);

create table agent_tool_calls (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  run_id uuid not null,
  node text not null,
  iteration integer not null,
  attempt integer not null,
  agent text not null,
  tool text not null,
  input jsonb not null,
  output jsonb,
  status text not null,
  error jsonb,
  milliseconds integer not null,
  created_at timestamp with time zone not null default now()
);

create table agent_versions (
  org_id uuid not null,
  workspace_id uuid not null,
  key text not null,
  version integer not null,
  enabled boolean not null,
  instructions text not null,
  settings jsonb not null,
  changed_by uuid,
  changed_at timestamp with time zone not null default now()
);

create table agents (
  org_id uuid not null,
  workspace_id uuid not null,
  key text not null,
  enabled boolean not null default true,
  instructions text not null default ''::text,
  settings jsonb not null default '{}'::jsonb,
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

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

create table billing_accounts (
  org_id uuid not null,
  legal_name text,
  email text,
  address_line_1 text,
  address_line_2 text,
  city text,
  postal_code text,
  state_code text,
  country text not null default 'IN'::text,
  gstin text,
  tax_treatment text not null default 'standard'::text,
  trial_used_at timestamp with time zone,
  closed_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table billing_checks (
  id uuid not null,
  checked_at timestamp with time zone not null,
  invariant text not null,
  holds boolean not null,
  violations jsonb not null default '[]'::jsonb
);

create table billing_differences (
  id uuid not null,
  org_id uuid,
  kind text not null,
  subject text not null,
  expected jsonb,
  found jsonb,
  amount_paise bigint,
  status text not null default 'open'::text,
  resolution text,
  resolved_by uuid,
  first_seen_at timestamp with time zone not null default now(),
  last_seen_at timestamp with time zone not null default now(),
  resolved_at timestamp with time zone
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

create table brief_comments (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  brief_id uuid not null,
  body text not null,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table briefs (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  title text not null,
  tlp text not null,
  sections jsonb not null,
  uncited_claims integer not null,
  status text not null default 'draft'::text,
  version integer not null default 1,
  run_id uuid,
  search tsvector not null generated always as (((setweight(to_tsvector('english'::regconfig, title), 'A'::"char") || setweight(jsonb_to_tsvector('english'::regconfig, jsonb_path_query_array(sections, '$[*]."heading"'::jsonpath), '["string"]'::jsonb), 'B'::"char")) || setweight(jsonb_to_tsvector('english'::regconfig, jsonb_path_query_array(sections, '$[*]."claims"[*]."text"'::jsonpath), '["string"]'::jsonb), 'C'::"char"))) stored,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  published_at timestamp with time zone,
  published_by uuid
);

create table cost_logs (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  occurred_at timestamp with time zone not null,
  run_id uuid,
  node text,
  iteration integer,
  playbook text,
  agent text,
  user_id uuid,
  model text not null,
  alias text not null,
  task text not null,
  input_tokens bigint not null,
  cached_input_tokens bigint not null,
  output_tokens bigint not null,
  thinking_tokens bigint not null,
  cost_microdollars bigint not null,
  uncovered_microdollars bigint not null default 0,
  estimated boolean not null,
  milliseconds integer not null,
  finish text not null,
  failure jsonb,
  artifact_key text,
  logged_at timestamp with time zone not null default now()
);

create table cost_reservations (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  reserved_at timestamp with time zone not null,
  month text not null,
  run_id uuid,
  node text,
  iteration integer,
  playbook text,
  agent text,
  user_id uuid,
  model text not null,
  alias text not null,
  task text not null,
  worst_case_microdollars bigint not null,
  in_run_budget boolean not null,
  in_agent_budget boolean not null,
  state text not null default 'reserved'::text,
  lost_at timestamp with time zone,
  ended_at timestamp with time zone,
  cost_microdollars bigint not null default 0
);

create table cost_scopes (
  org_id uuid not null,
  workspace_id uuid not null,
  kind text not null,
  key text not null,
  limit_microdollars bigint,
  reserved_microdollars bigint not null default 0,
  spent_microdollars bigint not null default 0,
  alerted_percent smallint not null default 0,
  closed_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table coupon_redemptions (
  org_id uuid not null,
  code text not null,
  order_id uuid not null,
  redeemed_at timestamp with time zone not null default now()
);

create table coupons (
  code text not null,
  percent_basis_points integer,
  amount_paise bigint,
  duration text not null,
  plan_id text,
  maximum_redemptions integer,
  redeemed integer not null default 0,
  valid_from timestamp with time zone not null,
  valid_until timestamp with time zone,
  created_at timestamp with time zone not null default now()
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

create table detection_rule_evidence (
  org_id uuid not null,
  workspace_id uuid not null,
  rule_id uuid not null,
  evidence_id uuid not null
);

create table detection_rules (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  kind text not null,
  name text not null,
  content text not null,
  sha256 bytea not null,
  yara_names jsonb not null default '[]'::jsonb,
  techniques jsonb not null default '[]'::jsonb,
  tlp text not null,
  status text not null default 'draft'::text,
  run_id uuid,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table disputes (
  id uuid not null,
  org_id uuid not null,
  payment_id uuid not null,
  gateway_dispute_id text not null,
  amount_paise bigint not null,
  deducted_paise bigint not null default 0,
  status text not null,
  reason_code text,
  respond_by timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null default now()
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

create table entitlements (
  org_id uuid not null,
  plan_id text not null,
  seats integer not null,
  until timestamp with time zone,
  by_contract boolean not null default false,
  overrides jsonb not null default '{}'::jsonb,
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

create table gateway_events (
  id text not null,
  org_id uuid,
  type text not null,
  occurred_at timestamp with time zone not null,
  payload jsonb not null,
  status text not null,
  received_at timestamp with time zone not null default now(),
  applied_at timestamp with time zone
);

create table gateway_plans (
  gateway_plan_id text not null,
  plan_id text not null,
  period text not null,
  amount_paise bigint not null
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
  updated_at timestamp with time zone not null default now(),
  score smallint not null default 0
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

create table invoice_series (
  financial_year text not null,
  kind text not null,
  next_serial integer not null default 1,
  last_issued_at timestamp with time zone
);

create table invoices (
  id uuid not null,
  org_id uuid not null,
  kind text not null,
  status text not null,
  financial_year text,
  serial integer,
  number text,
  order_id uuid,
  payment_id uuid,
  credits_id uuid,
  refund_id uuid,
  issued_at timestamp with time zone,
  seller jsonb not null,
  buyer jsonb not null,
  place_of_supply text not null,
  tax_kind text not null,
  lines jsonb not null,
  net_paise bigint not null,
  cgst_paise bigint not null,
  sgst_paise bigint not null,
  igst_paise bigint not null,
  total_paise bigint not null,
  reason text,
  pdf_key text,
  emailed_at timestamp with time zone,
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
  finished_at timestamp with time zone,
  attempts integer not null default 0,
  cost_microdollars bigint not null default 0,
  revivals integer not null default 0
);

create table ledger_accounts (
  code text not null,
  name text not null,
  kind text not null
);

create table ledger_balances (
  org_id uuid,
  account text not null,
  currency text not null,
  balance_paise bigint not null,
  entries bigint not null
);

create table ledger_entries (
  transaction_id uuid not null,
  line smallint not null,
  org_id uuid,
  account text not null,
  currency text not null default 'INR'::text,
  amount_paise bigint not null
);

create table ledger_transactions (
  id uuid not null,
  org_id uuid,
  source text not null,
  kind text not null,
  description text not null,
  occurred_at timestamp with time zone not null,
  posted_at timestamp with time zone not null default now()
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

create table orders (
  id uuid not null,
  org_id uuid not null,
  subscription_id uuid,
  kind text not null,
  collection text not null,
  plan_id text not null,
  period text not null,
  seats integer not null,
  period_start timestamp with time zone,
  period_end timestamp with time zone,
  lines jsonb not null,
  net_paise bigint not null,
  cgst_paise bigint not null,
  sgst_paise bigint not null,
  igst_paise bigint not null,
  total_paise bigint not null,
  credit_paise bigint not null default 0,
  coupon_code text,
  receipt text not null,
  gateway_order_id text,
  cycle integer,
  status text not null default 'created'::text,
  expires_at timestamp with time zone,
  fulfilled_at timestamp with time zone,
  payment_id uuid,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
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

create table payments (
  id uuid not null,
  org_id uuid not null,
  order_id uuid,
  subscription_id uuid,
  gateway_payment_id text not null,
  gateway_order_id text,
  gateway_invoice_id text,
  status text not null,
  amount_paise bigint not null,
  refunded_paise bigint not null default 0,
  fee_paise bigint,
  fee_tax_paise bigint,
  method text,
  error_code text,
  error_description text,
  purpose text,
  captured_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null default now()
);

create table plan_limits (
  plan_id text not null,
  feature text not null,
  quantity bigint
);

create table plan_prices (
  id uuid not null,
  plan_id text not null,
  period text not null,
  valid_from timestamp with time zone not null,
  base_paise bigint not null,
  included_seats integer not null,
  seat_paise bigint not null
);

create table plans (
  id text not null,
  name text not null,
  description text not null default ''::text,
  rank smallint not null,
  trial_days smallint not null default 0,
  is_public boolean not null default true
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

create table refunds (
  id uuid not null,
  org_id uuid not null,
  payment_id uuid not null,
  gateway_refund_id text,
  amount_paise bigint not null,
  status text not null,
  purpose text not null,
  reason text not null default ''::text,
  requested_by uuid,
  processed_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table relationship_evidence (
  org_id uuid not null,
  workspace_id uuid not null,
  relationship_id uuid not null,
  evidence_id uuid not null
);

create table relationships (
  id uuid not null,
  org_id uuid not null,
  workspace_id uuid not null,
  source_indicator_id uuid,
  source_entity_id uuid,
  relationship_type text not null,
  target_indicator_id uuid,
  target_entity_id uuid,
  status text not null default 'proposed'::text,
  confidence smallint not null,
  run_id uuid,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  decided_at timestamp with time zone,
  decided_by uuid
);

create table settlements (
  gateway_settlement_id text not null,
  amount_paise bigint not null,
  fees_paise bigint not null default 0,
  tax_paise bigint not null default 0,
  status text not null,
  utr text,
  settled_at timestamp with time zone not null,
  created_at timestamp with time zone not null default now()
);

create table subscriptions (
  id uuid not null,
  org_id uuid not null,
  plan_id text not null,
  period text not null,
  seats integer not null,
  status text not null,
  collection text not null,
  period_paise bigint not null,
  coupon_code text,
  trial_ends_at timestamp with time zone,
  current_period_start timestamp with time zone,
  current_period_end timestamp with time zone,
  billing_day smallint,
  cancel_at_period_end boolean not null default false,
  next_change jsonb,
  grace_until timestamp with time zone,
  dunning_stage smallint not null default 0,
  gateway_subscription_id text,
  replaced_gateway_ids jsonb not null default '[]'::jsonb,
  gateway_status text,
  gateway_status_at timestamp with time zone,
  gateway_paid_count integer not null default 0,
  gateway_paused_at timestamp with time zone,
  gateway_short_url text,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);

create table usage_meters (
  org_id uuid not null,
  feature text not null,
  month text not null,
  used bigint not null
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
  deleting_at timestamp with time zone,
  monthly_budget_microdollars bigint,
  model_settings jsonb not null default '{}'::jsonb
);

alter table agent_run_steps add constraint agent_run_steps_pkey PRIMARY KEY (run_id, node, iteration);

alter table agent_run_steps add constraint agent_run_steps_check CHECK (((status = 'running'::text) = (lease IS NOT NULL)));

alter table agent_run_steps add constraint agent_run_steps_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES users(id) ON DELETE SET NULL;

alter table agent_run_steps add constraint agent_run_steps_iteration_check CHECK ((iteration >= 0));

alter table agent_run_steps add constraint agent_run_steps_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table agent_run_steps add constraint agent_run_steps_run_id_fkey FOREIGN KEY (run_id) REFERENCES agent_runs(id) ON DELETE CASCADE;

alter table agent_run_steps add constraint agent_run_steps_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'waiting'::text, 'succeeded'::text, 'skipped'::text, 'failed'::text, 'cancelled'::text])));

alter table agent_run_steps add constraint agent_run_steps_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table agent_runs add constraint agent_runs_pkey PRIMARY KEY (id);

alter table agent_runs add constraint agent_runs_budget_microdollars_check CHECK ((budget_microdollars >= 0));

alter table agent_runs add constraint agent_runs_check CHECK (((finished_at IS NOT NULL) = (status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text]))));

alter table agent_runs add constraint agent_runs_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table agent_runs add constraint agent_runs_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE SET NULL;

alter table agent_runs add constraint agent_runs_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table agent_runs add constraint agent_runs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'waiting_approval'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])));

alter table agent_runs add constraint agent_runs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table agent_tool_calls add constraint agent_tool_calls_pkey PRIMARY KEY (id);

alter table agent_tool_calls add constraint agent_tool_calls_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table agent_tool_calls add constraint agent_tool_calls_run_id_fkey FOREIGN KEY (run_id) REFERENCES agent_runs(id) ON DELETE CASCADE;

alter table agent_tool_calls add constraint agent_tool_calls_run_id_node_iteration_fkey FOREIGN KEY (run_id, node, iteration) REFERENCES agent_run_steps(run_id, node, iteration) ON DELETE CASCADE;

alter table agent_tool_calls add constraint agent_tool_calls_status_check CHECK ((status = ANY (ARRAY['started'::text, 'done'::text, 'refused'::text, 'failed'::text])));

alter table agent_tool_calls add constraint agent_tool_calls_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table agent_versions add constraint agent_versions_pkey PRIMARY KEY (workspace_id, key, version);

alter table agent_versions add constraint agent_versions_changed_by_fkey FOREIGN KEY (changed_by) REFERENCES users(id) ON DELETE SET NULL;

alter table agent_versions add constraint agent_versions_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table agent_versions add constraint agent_versions_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table agent_versions add constraint agent_versions_workspace_id_key_fkey FOREIGN KEY (workspace_id, key) REFERENCES agents(workspace_id, key) ON DELETE CASCADE;

alter table agents add constraint agents_pkey PRIMARY KEY (workspace_id, key);

alter table agents add constraint agents_key_check CHECK ((key = ANY (ARRAY['architect'::text, 'cognition'::text, 'strategos'::text, 'aesthete'::text, 'seer'::text, 'arbiter'::text, 'herald'::text])));

alter table agents add constraint agents_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table agents add constraint agents_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

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

alter table billing_accounts add constraint billing_accounts_pkey PRIMARY KEY (org_id);

alter table billing_accounts add constraint billing_accounts_address_line_1_check CHECK (((length(address_line_1) >= 1) AND (length(address_line_1) <= 200)));

alter table billing_accounts add constraint billing_accounts_address_line_2_check CHECK ((length(address_line_2) <= 200));

alter table billing_accounts add constraint billing_accounts_check CHECK (((tax_treatment <> 'export'::text) OR (country <> 'IN'::text)));

alter table billing_accounts add constraint billing_accounts_check1 CHECK (((gstin IS NULL) OR ((country = 'IN'::text) AND (state_code = "left"(gstin, 2)))));

alter table billing_accounts add constraint billing_accounts_city_check CHECK (((length(city) >= 1) AND (length(city) <= 100)));

alter table billing_accounts add constraint billing_accounts_country_check CHECK ((country ~ '^[A-Z]{2}$'::text));

alter table billing_accounts add constraint billing_accounts_email_check CHECK (((length(email) >= 3) AND (length(email) <= 320)));

alter table billing_accounts add constraint billing_accounts_gstin_check CHECK ((gstin ~ '^\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9]$'::text));

alter table billing_accounts add constraint billing_accounts_legal_name_check CHECK (((length(legal_name) >= 1) AND (length(legal_name) <= 200)));

alter table billing_accounts add constraint billing_accounts_postal_code_check CHECK (((length(postal_code) >= 1) AND (length(postal_code) <= 20)));

alter table billing_accounts add constraint billing_accounts_state_code_check CHECK ((state_code ~ '^\d\d$'::text));

alter table billing_accounts add constraint billing_accounts_tax_treatment_check CHECK ((tax_treatment = ANY (ARRAY['standard'::text, 'reverse-charge'::text, 'export'::text])));

alter table billing_checks add constraint billing_checks_pkey PRIMARY KEY (id);

alter table billing_differences add constraint billing_differences_pkey PRIMARY KEY (id);

alter table billing_differences add constraint billing_differences_kind_subject_key UNIQUE (kind, subject);

alter table billing_differences add constraint billing_differences_kind_check CHECK ((kind ~ '^[a-z-]{2,60}$'::text));

alter table billing_differences add constraint billing_differences_resolution_check CHECK ((length(resolution) <= 1000));

alter table billing_differences add constraint billing_differences_status_check CHECK ((status = ANY (ARRAY['open'::text, 'resolved'::text])));

alter table blocklists add constraint blocklists_pkey PRIMARY KEY (id);

alter table blocklists add constraint blocklists_token_sha256_key UNIQUE (token_sha256);

alter table blocklists add constraint blocklists_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table blocklists add constraint blocklists_maximum_tlp_check CHECK ((maximum_tlp = ANY (ARRAY['CLEAR'::text, 'GREEN'::text, 'AMBER'::text, 'AMBER+STRICT'::text, 'RED'::text])));

alter table blocklists add constraint blocklists_minimum_confidence_check CHECK (((minimum_confidence >= 0) AND (minimum_confidence <= 100)));

alter table blocklists add constraint blocklists_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table blocklists add constraint blocklists_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table brief_comments add constraint brief_comments_pkey PRIMARY KEY (id);

alter table brief_comments add constraint brief_comments_body_check CHECK (((length(body) >= 1) AND (length(body) <= 10000)));

alter table brief_comments add constraint brief_comments_brief_id_fkey FOREIGN KEY (brief_id) REFERENCES briefs(id) ON DELETE CASCADE;

alter table brief_comments add constraint brief_comments_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table brief_comments add constraint brief_comments_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table brief_comments add constraint brief_comments_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table briefs add constraint briefs_pkey PRIMARY KEY (id);

alter table briefs add constraint briefs_check CHECK (((status = 'published'::text) = (published_at IS NOT NULL)));

alter table briefs add constraint briefs_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table briefs add constraint briefs_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table briefs add constraint briefs_published_by_fkey FOREIGN KEY (published_by) REFERENCES users(id) ON DELETE SET NULL;

alter table briefs add constraint briefs_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'published'::text])));

alter table briefs add constraint briefs_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)));

alter table briefs add constraint briefs_tlp_check CHECK ((tlp = ANY (ARRAY['CLEAR'::text, 'GREEN'::text, 'AMBER'::text, 'AMBER+STRICT'::text, 'RED'::text])));

alter table briefs add constraint briefs_uncited_claims_check CHECK ((uncited_claims >= 0));

alter table briefs add constraint briefs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table cost_logs add constraint cost_logs_pkey PRIMARY KEY (id);

alter table cost_logs add constraint cost_logs_cached_input_tokens_check CHECK ((cached_input_tokens >= 0));

alter table cost_logs add constraint cost_logs_check CHECK (((failure IS NULL) OR (finish = 'failed'::text)));

alter table cost_logs add constraint cost_logs_cost_microdollars_check CHECK ((cost_microdollars >= 0));

alter table cost_logs add constraint cost_logs_finish_check CHECK ((finish = ANY (ARRAY['stop'::text, 'tools'::text, 'length'::text, 'safety'::text, 'failed'::text, 'lost'::text])));

alter table cost_logs add constraint cost_logs_input_tokens_check CHECK ((input_tokens >= 0));

alter table cost_logs add constraint cost_logs_milliseconds_check CHECK ((milliseconds >= 0));

alter table cost_logs add constraint cost_logs_output_tokens_check CHECK ((output_tokens >= 0));

alter table cost_logs add constraint cost_logs_thinking_tokens_check CHECK ((thinking_tokens >= 0));

alter table cost_logs add constraint cost_logs_uncovered_microdollars_check CHECK ((uncovered_microdollars >= 0));

alter table cost_logs add constraint cost_logs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table cost_reservations add constraint cost_reservations_pkey PRIMARY KEY (id);

alter table cost_reservations add constraint cost_reservations_check CHECK (((cost_microdollars >= 0) AND (cost_microdollars <= worst_case_microdollars)));

alter table cost_reservations add constraint cost_reservations_check1 CHECK (((state = 'reserved'::text) = (ended_at IS NULL)));

alter table cost_reservations add constraint cost_reservations_check2 CHECK (((state <> ALL (ARRAY['reserved'::text, 'released'::text])) OR (cost_microdollars = 0)));

alter table cost_reservations add constraint cost_reservations_check3 CHECK (((state <> 'lost'::text) OR ((lost_at IS NOT NULL) AND (cost_microdollars = worst_case_microdollars))));

alter table cost_reservations add constraint cost_reservations_check4 CHECK (((run_id IS NOT NULL) OR (NOT in_run_budget)));

alter table cost_reservations add constraint cost_reservations_check5 CHECK (((in_run_budget AND (agent IS NOT NULL)) OR (NOT in_agent_budget)));

alter table cost_reservations add constraint cost_reservations_month_check CHECK ((month ~ '^\d{4}-\d\d$'::text));

alter table cost_reservations add constraint cost_reservations_state_check CHECK ((state = ANY (ARRAY['reserved'::text, 'lost'::text, 'settled'::text, 'released'::text])));

alter table cost_reservations add constraint cost_reservations_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table cost_reservations add constraint cost_reservations_worst_case_microdollars_check CHECK ((worst_case_microdollars >= 0));

alter table cost_scopes add constraint cost_scopes_pkey PRIMARY KEY (workspace_id, kind, key);

alter table cost_scopes add constraint cost_scopes_alerted_percent_check CHECK ((alerted_percent = ANY (ARRAY[0, 50, 80, 100])));

alter table cost_scopes add constraint cost_scopes_check CHECK (((limit_microdollars IS NOT NULL) OR (kind = 'workspace-month'::text)));

alter table cost_scopes add constraint cost_scopes_check1 CHECK (((closed_at IS NULL) OR (kind <> 'workspace-month'::text)));

alter table cost_scopes add constraint cost_scopes_kind_check CHECK ((kind = ANY (ARRAY['workspace-month'::text, 'run'::text, 'agent-in-run'::text])));

alter table cost_scopes add constraint cost_scopes_limit_microdollars_check CHECK ((limit_microdollars >= 0));

alter table cost_scopes add constraint cost_scopes_reserved_microdollars_check CHECK ((reserved_microdollars >= 0));

alter table cost_scopes add constraint cost_scopes_spent_microdollars_check CHECK ((spent_microdollars >= 0));

alter table cost_scopes add constraint cost_scopes_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table coupon_redemptions add constraint coupon_redemptions_pkey PRIMARY KEY (org_id, code);

alter table coupon_redemptions add constraint coupon_redemptions_code_fkey FOREIGN KEY (code) REFERENCES coupons(code);

alter table coupon_redemptions add constraint coupon_redemptions_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table coupons add constraint coupons_pkey PRIMARY KEY (code);

alter table coupons add constraint coupons_amount_paise_check CHECK ((amount_paise > 0));

alter table coupons add constraint coupons_check CHECK (((percent_basis_points IS NULL) <> (amount_paise IS NULL)));

alter table coupons add constraint coupons_check1 CHECK (((maximum_redemptions IS NULL) OR (redeemed <= maximum_redemptions)));

alter table coupons add constraint coupons_check2 CHECK (((valid_until IS NULL) OR (valid_until > valid_from)));

alter table coupons add constraint coupons_code_check CHECK ((code ~ '^[A-Z0-9][A-Z0-9-]{2,29}$'::text));

alter table coupons add constraint coupons_duration_check CHECK ((duration = ANY (ARRAY['once'::text, 'forever'::text])));

alter table coupons add constraint coupons_maximum_redemptions_check CHECK ((maximum_redemptions > 0));

alter table coupons add constraint coupons_percent_basis_points_check CHECK (((percent_basis_points >= 1) AND (percent_basis_points <= 10000)));

alter table coupons add constraint coupons_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plans(id);

alter table coupons add constraint coupons_redeemed_check CHECK ((redeemed >= 0));

alter table dead_letters add constraint dead_letters_pkey PRIMARY KEY (id);

alter table dead_letters add constraint dead_letters_consumer_message_id_key UNIQUE (consumer, message_id);

alter table dead_letters add constraint dead_letters_redrive_id_key UNIQUE (redrive_id);

alter table dead_letters add constraint dead_letters_kind_check CHECK ((kind = ANY (ARRAY['event'::text, 'task'::text])));

alter table dead_letters add constraint dead_letters_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table dead_letters add constraint dead_letters_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES users(id) ON DELETE SET NULL;

alter table dead_letters add constraint dead_letters_status_check CHECK ((status = ANY (ARRAY['open'::text, 'redriven'::text, 'discarded'::text])));

alter table detection_rule_evidence add constraint detection_rule_evidence_pkey PRIMARY KEY (rule_id, evidence_id);

alter table detection_rule_evidence add constraint detection_rule_evidence_evidence_id_fkey FOREIGN KEY (evidence_id) REFERENCES evidence(id) ON DELETE CASCADE;

alter table detection_rule_evidence add constraint detection_rule_evidence_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table detection_rule_evidence add constraint detection_rule_evidence_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES detection_rules(id) ON DELETE CASCADE;

alter table detection_rule_evidence add constraint detection_rule_evidence_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table detection_rules add constraint detection_rules_pkey PRIMARY KEY (id);

alter table detection_rules add constraint detection_rules_workspace_id_kind_sha256_key UNIQUE (workspace_id, kind, sha256);

alter table detection_rules add constraint detection_rules_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table detection_rules add constraint detection_rules_kind_check CHECK ((kind = ANY (ARRAY['sigma'::text, 'yara'::text, 'suricata'::text])));

alter table detection_rules add constraint detection_rules_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table detection_rules add constraint detection_rules_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table detection_rules add constraint detection_rules_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'active'::text, 'retired'::text])));

alter table detection_rules add constraint detection_rules_tlp_check CHECK ((tlp = ANY (ARRAY['CLEAR'::text, 'GREEN'::text, 'AMBER'::text, 'AMBER+STRICT'::text, 'RED'::text])));

alter table detection_rules add constraint detection_rules_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table disputes add constraint disputes_pkey PRIMARY KEY (id);

alter table disputes add constraint disputes_gateway_dispute_id_key UNIQUE (gateway_dispute_id);

alter table disputes add constraint disputes_amount_paise_check CHECK ((amount_paise > 0));

alter table disputes add constraint disputes_deducted_paise_check CHECK ((deducted_paise >= 0));

alter table disputes add constraint disputes_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments(id);

alter table disputes add constraint disputes_status_check CHECK ((status = ANY (ARRAY['open'::text, 'under_review'::text, 'action_required'::text, 'closed'::text, 'won'::text, 'lost'::text])));

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

alter table entitlements add constraint entitlements_pkey PRIMARY KEY (org_id);

alter table entitlements add constraint entitlements_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table entitlements add constraint entitlements_overrides_check CHECK ((jsonb_typeof(overrides) = 'object'::text));

alter table entitlements add constraint entitlements_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plans(id);

alter table entitlements add constraint entitlements_seats_check CHECK ((seats >= 1));

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

alter table exports add constraint exports_status_check CHECK ((status = ANY (ARRAY['processing'::text, 'ready'::text, 'failed'::text, 'expired'::text])));

alter table exports add constraint exports_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table feature_flag_changes add constraint feature_flag_changes_pkey PRIMARY KEY (id);

alter table feature_flag_changes add constraint feature_flag_changes_action_check CHECK ((action = ANY (ARRAY['created'::text, 'updated'::text, 'deleted'::text])));

alter table feature_flags add constraint feature_flags_pkey PRIMARY KEY (key);

alter table feature_flags add constraint feature_flags_description_check CHECK ((length(description) <= 1000));

alter table feature_flags add constraint feature_flags_key_check CHECK ((key ~ '^FEATURE_[A-Z0-9_]{1,60}$'::text));

alter table feature_flags add constraint feature_flags_percentage_check CHECK (((percentage >= 0) AND (percentage <= 100)));

alter table feature_flags add constraint feature_flags_rules_check CHECK ((jsonb_typeof(rules) = 'array'::text));

alter table feature_flags add constraint feature_flags_updated_by_fkey FOREIGN KEY (updated_by) REFERENCES users(id) ON DELETE SET NULL;

alter table gateway_events add constraint gateway_events_pkey PRIMARY KEY (id);

alter table gateway_events add constraint gateway_events_id_check CHECK (((length(id) >= 1) AND (length(id) <= 200)));

alter table gateway_events add constraint gateway_events_status_check CHECK ((status = ANY (ARRAY['received'::text, 'applied'::text, 'unmatched'::text, 'ignored'::text])));

alter table gateway_plans add constraint gateway_plans_pkey PRIMARY KEY (gateway_plan_id);

alter table gateway_plans add constraint gateway_plans_plan_id_period_amount_paise_key UNIQUE (plan_id, period, amount_paise);

alter table gateway_plans add constraint gateway_plans_amount_paise_check CHECK ((amount_paise > 0));

alter table gateway_plans add constraint gateway_plans_period_check CHECK ((period = ANY (ARRAY['month'::text, 'year'::text])));

alter table idempotent_requests add constraint idempotent_requests_pkey PRIMARY KEY (key_sha256);

alter table indicators add constraint indicators_pkey PRIMARY KEY (id);

alter table indicators add constraint indicators_org_id_type_value_sha256_key UNIQUE (org_id, type, value_sha256);

alter table indicators add constraint indicators_check CHECK (((suppressed_reason IS NULL) = (suppressed_list IS NULL)));

alter table indicators add constraint indicators_confidence_check CHECK (((confidence >= 0) AND (confidence <= 100)));

alter table indicators add constraint indicators_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table indicators add constraint indicators_score_check CHECK (((score >= 0) AND (score <= 100)));

alter table indicators add constraint indicators_tlp_check CHECK ((tlp = ANY (ARRAY['CLEAR'::text, 'GREEN'::text, 'AMBER'::text, 'AMBER+STRICT'::text, 'RED'::text])));

alter table invitations add constraint invitations_pkey PRIMARY KEY (id);

alter table invitations add constraint invitations_token_sha256_key UNIQUE (token_sha256);

alter table invitations add constraint invitations_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES users(id) ON DELETE SET NULL;

alter table invitations add constraint invitations_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table invitations add constraint invitations_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table invitations add constraint invitations_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'editor'::text, 'viewer'::text])));

alter table invoice_series add constraint invoice_series_pkey PRIMARY KEY (financial_year, kind);

alter table invoice_series add constraint invoice_series_financial_year_check CHECK ((financial_year ~ '^\d{4}-\d\d$'::text));

alter table invoice_series add constraint invoice_series_kind_check CHECK ((kind = ANY (ARRAY['invoice'::text, 'credit_note'::text])));

alter table invoice_series add constraint invoice_series_next_serial_check CHECK ((next_serial >= 1));

alter table invoices add constraint invoices_pkey PRIMARY KEY (id);

alter table invoices add constraint invoices_financial_year_kind_serial_key UNIQUE (financial_year, kind, serial);

alter table invoices add constraint invoices_number_key UNIQUE (number);

alter table invoices add constraint invoices_cgst_paise_check CHECK ((cgst_paise >= 0));

alter table invoices add constraint invoices_check CHECK ((total_paise = (((net_paise + cgst_paise) + sgst_paise) + igst_paise)));

alter table invoices add constraint invoices_check1 CHECK (((status = 'draft'::text) = (number IS NULL)));

alter table invoices add constraint invoices_check2 CHECK ((((number IS NULL) = (serial IS NULL)) AND ((number IS NULL) = (financial_year IS NULL)) AND ((number IS NULL) = (issued_at IS NULL))));

alter table invoices add constraint invoices_check3 CHECK (((kind = 'credit_note'::text) = (credits_id IS NOT NULL)));

alter table invoices add constraint invoices_check4 CHECK (((kind = 'invoice'::text) OR (status <> 'void'::text)));

alter table invoices add constraint invoices_credits_id_fkey FOREIGN KEY (credits_id) REFERENCES invoices(id);

alter table invoices add constraint invoices_igst_paise_check CHECK ((igst_paise >= 0));

alter table invoices add constraint invoices_kind_check CHECK ((kind = ANY (ARRAY['invoice'::text, 'credit_note'::text])));

alter table invoices add constraint invoices_lines_check CHECK ((jsonb_typeof(lines) = 'array'::text));

alter table invoices add constraint invoices_net_paise_check CHECK ((net_paise >= 0));

alter table invoices add constraint invoices_number_check CHECK ((number ~ '^[A-Z0-9/-]{1,16}$'::text));

alter table invoices add constraint invoices_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders(id);

alter table invoices add constraint invoices_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments(id);

alter table invoices add constraint invoices_refund_id_fkey FOREIGN KEY (refund_id) REFERENCES refunds(id);

alter table invoices add constraint invoices_sgst_paise_check CHECK ((sgst_paise >= 0));

alter table invoices add constraint invoices_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'final'::text, 'void'::text])));

alter table invoices add constraint invoices_tax_kind_check CHECK ((tax_kind = ANY (ARRAY['intra-state'::text, 'inter-state'::text, 'export'::text, 'reverse-charge'::text, 'not-registered'::text])));

alter table job_events add constraint job_events_pkey PRIMARY KEY (job_id, sequence);

alter table job_events add constraint job_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;

alter table job_events add constraint job_events_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table job_events add constraint job_events_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table jobs add constraint jobs_pkey PRIMARY KEY (id);

alter table jobs add constraint jobs_check CHECK (((attempts >= 0) AND (cost_microdollars >= 0) AND (revivals >= 0)));

alter table jobs add constraint jobs_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table jobs add constraint jobs_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table jobs add constraint jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])));

alter table jobs add constraint jobs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table ledger_accounts add constraint ledger_accounts_pkey PRIMARY KEY (code);

alter table ledger_accounts add constraint ledger_accounts_code_check CHECK ((code ~ '^\d{4}$'::text));

alter table ledger_accounts add constraint ledger_accounts_kind_check CHECK ((kind = ANY (ARRAY['asset'::text, 'liability'::text, 'equity'::text, 'income'::text, 'expense'::text])));

alter table ledger_balances add constraint ledger_balances_org_id_account_currency_key UNIQUE NULLS NOT DISTINCT (org_id, account, currency);

alter table ledger_balances add constraint ledger_balances_account_fkey FOREIGN KEY (account) REFERENCES ledger_accounts(code);

alter table ledger_entries add constraint ledger_entries_pkey PRIMARY KEY (transaction_id, line);

alter table ledger_entries add constraint ledger_entries_account_fkey FOREIGN KEY (account) REFERENCES ledger_accounts(code);

alter table ledger_entries add constraint ledger_entries_amount_paise_check CHECK ((amount_paise <> 0));

alter table ledger_entries add constraint ledger_entries_currency_check CHECK ((currency = 'INR'::text));

alter table ledger_entries add constraint ledger_entries_line_check CHECK ((line >= 1));

alter table ledger_entries add constraint ledger_entries_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES ledger_transactions(id);

alter table ledger_transactions add constraint ledger_transactions_pkey PRIMARY KEY (id);

alter table ledger_transactions add constraint ledger_transactions_source_key UNIQUE (source);

alter table ledger_transactions add constraint ledger_transactions_description_check CHECK (((length(description) >= 1) AND (length(description) <= 500)));

alter table ledger_transactions add constraint ledger_transactions_kind_check CHECK ((kind ~ '^[a-z-]{2,40}$'::text));

alter table ledger_transactions add constraint ledger_transactions_source_check CHECK (((length(source) >= 3) AND (length(source) <= 200)));

alter table memberships add constraint memberships_pkey PRIMARY KEY (org_id, user_id);

alter table memberships add constraint memberships_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table memberships add constraint memberships_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'editor'::text, 'viewer'::text])));

alter table memberships add constraint memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

alter table notifications add constraint notifications_pkey PRIMARY KEY (id);

alter table notifications add constraint notifications_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table notifications add constraint notifications_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

alter table orders add constraint orders_pkey PRIMARY KEY (id);

alter table orders add constraint orders_gateway_order_id_key UNIQUE (gateway_order_id);

alter table orders add constraint orders_receipt_key UNIQUE (receipt);

alter table orders add constraint orders_subscription_id_cycle_key UNIQUE (subscription_id, cycle);

alter table orders add constraint orders_cgst_paise_check CHECK ((cgst_paise >= 0));

alter table orders add constraint orders_check CHECK ((total_paise = (((net_paise + cgst_paise) + sgst_paise) + igst_paise)));

alter table orders add constraint orders_check1 CHECK ((credit_paise <= total_paise));

alter table orders add constraint orders_check2 CHECK (((fulfilled_at IS NULL) OR (status = 'paid'::text)));

alter table orders add constraint orders_check3 CHECK (((period_end IS NULL) OR (period_end > period_start)));

alter table orders add constraint orders_collection_check CHECK ((collection = ANY (ARRAY['checkout'::text, 'mandate'::text])));

alter table orders add constraint orders_credit_paise_check CHECK ((credit_paise >= 0));

alter table orders add constraint orders_cycle_check CHECK ((cycle >= 0));

alter table orders add constraint orders_igst_paise_check CHECK ((igst_paise >= 0));

alter table orders add constraint orders_kind_check CHECK ((kind = ANY (ARRAY['start'::text, 'renewal'::text, 'change'::text])));

alter table orders add constraint orders_lines_check CHECK ((jsonb_typeof(lines) = 'array'::text));

alter table orders add constraint orders_net_paise_check CHECK ((net_paise >= 0));

alter table orders add constraint orders_period_check CHECK ((period = ANY (ARRAY['month'::text, 'year'::text])));

alter table orders add constraint orders_receipt_check CHECK ((length(receipt) <= 40));

alter table orders add constraint orders_seats_check CHECK ((seats >= 1));

alter table orders add constraint orders_sgst_paise_check CHECK ((sgst_paise >= 0));

alter table orders add constraint orders_status_check CHECK ((status = ANY (ARRAY['created'::text, 'attempted'::text, 'paid'::text, 'cancelled'::text, 'expired'::text])));

alter table orders add constraint orders_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES subscriptions(id);

alter table organizations add constraint organizations_pkey PRIMARY KEY (id);

alter table organizations add constraint organizations_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table outbox add constraint outbox_pkey PRIMARY KEY (id);

alter table outbox add constraint outbox_check CHECK (((kind = 'task'::text) = (queue IS NOT NULL)));

alter table outbox add constraint outbox_kind_check CHECK ((kind = ANY (ARRAY['event'::text, 'task'::text])));

alter table outbox add constraint outbox_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table payments add constraint payments_pkey PRIMARY KEY (id);

alter table payments add constraint payments_gateway_payment_id_key UNIQUE (gateway_payment_id);

alter table payments add constraint payments_amount_paise_check CHECK ((amount_paise > 0));

alter table payments add constraint payments_check CHECK (((refunded_paise >= 0) AND (refunded_paise <= amount_paise)));

alter table payments add constraint payments_check1 CHECK ((fee_tax_paise <= fee_paise));

alter table payments add constraint payments_check2 CHECK (((status <> ALL (ARRAY['captured'::text, 'partially_refunded'::text])) OR (captured_at IS NOT NULL)));

alter table payments add constraint payments_check3 CHECK (((status = 'refunded'::text) = (refunded_paise = amount_paise)));

alter table payments add constraint payments_check4 CHECK (((status = 'partially_refunded'::text) = ((refunded_paise > 0) AND (refunded_paise < amount_paise))));

alter table payments add constraint payments_fee_paise_check CHECK ((fee_paise >= 0));

alter table payments add constraint payments_fee_tax_paise_check CHECK ((fee_tax_paise >= 0));

alter table payments add constraint payments_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders(id);

alter table payments add constraint payments_purpose_check CHECK ((purpose = ANY (ARRAY['order'::text, 'surplus'::text])));

alter table payments add constraint payments_status_check CHECK ((status = ANY (ARRAY['created'::text, 'failed'::text, 'authorized'::text, 'captured'::text, 'partially_refunded'::text, 'refunded'::text])));

alter table payments add constraint payments_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES subscriptions(id);

alter table plan_limits add constraint plan_limits_pkey PRIMARY KEY (plan_id, feature);

alter table plan_limits add constraint plan_limits_feature_check CHECK ((feature ~ '^[a-z_]{2,40}$'::text));

alter table plan_limits add constraint plan_limits_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plans(id);

alter table plan_limits add constraint plan_limits_quantity_check CHECK ((quantity >= 0));

alter table plan_prices add constraint plan_prices_pkey PRIMARY KEY (id);

alter table plan_prices add constraint plan_prices_plan_id_period_valid_from_key UNIQUE (plan_id, period, valid_from);

alter table plan_prices add constraint plan_prices_base_paise_check CHECK ((base_paise >= 0));

alter table plan_prices add constraint plan_prices_included_seats_check CHECK ((included_seats >= 1));

alter table plan_prices add constraint plan_prices_period_check CHECK ((period = ANY (ARRAY['month'::text, 'year'::text])));

alter table plan_prices add constraint plan_prices_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plans(id);

alter table plan_prices add constraint plan_prices_seat_paise_check CHECK ((seat_paise >= 0));

alter table plans add constraint plans_pkey PRIMARY KEY (id);

alter table plans add constraint plans_rank_key UNIQUE (rank);

alter table plans add constraint plans_description_check CHECK ((length(description) <= 1000));

alter table plans add constraint plans_id_check CHECK ((id ~ '^[a-z][a-z0-9-]{1,39}$'::text));

alter table plans add constraint plans_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)));

alter table plans add constraint plans_trial_days_check CHECK (((trial_days >= 0) AND (trial_days <= 90)));

alter table processed_messages add constraint processed_messages_pkey PRIMARY KEY (consumer, message_id);

alter table projects add constraint projects_pkey PRIMARY KEY (id);

alter table projects add constraint projects_workspace_id_name_key UNIQUE (workspace_id, name);

alter table projects add constraint projects_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table projects add constraint projects_description_check CHECK ((length(description) <= 4000));

alter table projects add constraint projects_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table projects add constraint projects_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table projects add constraint projects_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table refunds add constraint refunds_pkey PRIMARY KEY (id);

alter table refunds add constraint refunds_gateway_refund_id_key UNIQUE (gateway_refund_id);

alter table refunds add constraint refunds_amount_paise_check CHECK ((amount_paise > 0));

alter table refunds add constraint refunds_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments(id);

alter table refunds add constraint refunds_purpose_check CHECK ((purpose = ANY (ARRAY['sale'::text, 'surplus'::text])));

alter table refunds add constraint refunds_reason_check CHECK ((length(reason) <= 500));

alter table refunds add constraint refunds_status_check CHECK ((status = ANY (ARRAY['requested'::text, 'pending'::text, 'processed'::text, 'failed'::text])));

alter table relationship_evidence add constraint relationship_evidence_pkey PRIMARY KEY (relationship_id, evidence_id);

alter table relationship_evidence add constraint relationship_evidence_evidence_id_fkey FOREIGN KEY (evidence_id) REFERENCES evidence(id) ON DELETE CASCADE;

alter table relationship_evidence add constraint relationship_evidence_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table relationship_evidence add constraint relationship_evidence_relationship_id_fkey FOREIGN KEY (relationship_id) REFERENCES relationships(id) ON DELETE CASCADE;

alter table relationship_evidence add constraint relationship_evidence_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table relationships add constraint relationships_pkey PRIMARY KEY (id);

alter table relationships add constraint relationships_check CHECK ((num_nonnulls(source_indicator_id, source_entity_id) = 1));

alter table relationships add constraint relationships_check1 CHECK ((num_nonnulls(target_indicator_id, target_entity_id) = 1));

alter table relationships add constraint relationships_check2 CHECK ((COALESCE(source_indicator_id, source_entity_id) <> COALESCE(target_indicator_id, target_entity_id)));

alter table relationships add constraint relationships_check3 CHECK (((status = 'proposed'::text) = (decided_at IS NULL)));

alter table relationships add constraint relationships_confidence_check CHECK (((confidence >= 0) AND (confidence <= 100)));

alter table relationships add constraint relationships_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;

alter table relationships add constraint relationships_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES users(id) ON DELETE SET NULL;

alter table relationships add constraint relationships_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table relationships add constraint relationships_source_entity_id_fkey FOREIGN KEY (source_entity_id) REFERENCES entities(id) ON DELETE CASCADE;

alter table relationships add constraint relationships_source_indicator_id_fkey FOREIGN KEY (source_indicator_id) REFERENCES indicators(id) ON DELETE CASCADE;

alter table relationships add constraint relationships_status_check CHECK ((status = ANY (ARRAY['proposed'::text, 'accepted'::text, 'rejected'::text])));

alter table relationships add constraint relationships_target_entity_id_fkey FOREIGN KEY (target_entity_id) REFERENCES entities(id) ON DELETE CASCADE;

alter table relationships add constraint relationships_target_indicator_id_fkey FOREIGN KEY (target_indicator_id) REFERENCES indicators(id) ON DELETE CASCADE;

alter table relationships add constraint relationships_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE;

alter table settlements add constraint settlements_pkey PRIMARY KEY (gateway_settlement_id);

alter table settlements add constraint settlements_status_check CHECK ((status = ANY (ARRAY['created'::text, 'processed'::text, 'failed'::text])));

alter table subscriptions add constraint subscriptions_pkey PRIMARY KEY (id);

alter table subscriptions add constraint subscriptions_gateway_subscription_id_key UNIQUE (gateway_subscription_id);

alter table subscriptions add constraint subscriptions_billing_day_check CHECK (((billing_day >= 1) AND (billing_day <= 31)));

alter table subscriptions add constraint subscriptions_check CHECK (((current_period_end IS NULL) OR (current_period_end > current_period_start)));

alter table subscriptions add constraint subscriptions_check1 CHECK (((status = ANY (ARRAY['cancelled'::text, 'completed'::text, 'expired'::text])) = (ended_at IS NOT NULL)));

alter table subscriptions add constraint subscriptions_collection_check CHECK ((collection = ANY (ARRAY['mandate'::text, 'order'::text, 'none'::text])));

alter table subscriptions add constraint subscriptions_dunning_stage_check CHECK ((dunning_stage >= 0));

alter table subscriptions add constraint subscriptions_gateway_paid_count_check CHECK ((gateway_paid_count >= 0));

alter table subscriptions add constraint subscriptions_period_check CHECK ((period = ANY (ARRAY['month'::text, 'year'::text])));

alter table subscriptions add constraint subscriptions_period_paise_check CHECK ((period_paise >= 0));

alter table subscriptions add constraint subscriptions_seats_check CHECK ((seats >= 1));

alter table subscriptions add constraint subscriptions_status_check CHECK ((status = ANY (ARRAY['incomplete'::text, 'trialing'::text, 'active'::text, 'past_due'::text, 'paused'::text, 'halted'::text, 'cancelled'::text, 'completed'::text, 'expired'::text])));

alter table usage_meters add constraint usage_meters_pkey PRIMARY KEY (org_id, feature, month);

alter table usage_meters add constraint usage_meters_month_check CHECK (((month ~ '^\d{4}-\d\d$'::text) OR (month = 'stock'::text)));

alter table usage_meters add constraint usage_meters_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

alter table usage_meters add constraint usage_meters_used_check CHECK ((used >= 0));

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

alter table workspaces add constraint workspaces_monthly_budget_microdollars_check CHECK ((monthly_budget_microdollars >= 0));

alter table workspaces add constraint workspaces_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));

alter table workspaces add constraint workspaces_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(id) ON DELETE CASCADE;

CREATE INDEX agent_run_steps_open ON public.agent_run_steps USING btree (COALESCE(leased_until, not_before, created_at)) WHERE (status = ANY (ARRAY['pending'::text, 'running'::text]));

CREATE INDEX agent_run_steps_workspace ON public.agent_run_steps USING btree (workspace_id);

CREATE INDEX agent_runs_active ON public.agent_runs USING btree (org_id, updated_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text, 'waiting_approval'::text]));

CREATE INDEX agent_runs_job ON public.agent_runs USING btree (job_id);

CREATE INDEX agent_runs_list ON public.agent_runs USING btree (org_id, workspace_id, id);

CREATE INDEX agent_runs_workspace ON public.agent_runs USING btree (workspace_id, id);

CREATE INDEX agent_tool_calls_run ON public.agent_tool_calls USING btree (run_id, node, iteration);

CREATE INDEX agent_tool_calls_workspace ON public.agent_tool_calls USING btree (workspace_id);

CREATE INDEX api_keys_list ON public.api_keys USING btree (org_id, id);

CREATE INDEX api_keys_replaced_by ON public.api_keys USING btree (replaced_by) WHERE (replaced_by IS NOT NULL);

CREATE INDEX api_keys_workspace ON public.api_keys USING btree (workspace_id) WHERE (workspace_id IS NOT NULL);

CREATE INDEX api_usage_logs_3xx ON ONLY public.api_usage_logs USING btree (org_id, occurred_at, id) WHERE ((status >= 300) AND (status <= 399));

CREATE INDEX api_usage_logs_4xx ON ONLY public.api_usage_logs USING btree (org_id, occurred_at, id) WHERE ((status >= 400) AND (status <= 499));

CREATE INDEX api_usage_logs_5xx ON ONLY public.api_usage_logs USING btree (org_id, occurred_at, id) WHERE ((status >= 500) AND (status <= 599));

CREATE INDEX api_usage_logs_key ON ONLY public.api_usage_logs USING btree (org_id, key_id, occurred_at, id) WHERE (key_id IS NOT NULL);

CREATE INDEX api_usage_logs_route ON ONLY public.api_usage_logs USING btree (org_id, function_name, occurred_at, id);

CREATE INDEX api_usage_logs_user ON ONLY public.api_usage_logs USING btree (org_id, user_id, occurred_at, id) WHERE (user_id IS NOT NULL);

CREATE INDEX billing_checks_list ON public.billing_checks USING btree (checked_at DESC, invariant);

CREATE INDEX billing_differences_org ON public.billing_differences USING btree (org_id);

CREATE INDEX blocklists_list ON public.blocklists USING btree (org_id, id);

CREATE INDEX brief_comments_list ON public.brief_comments USING btree (brief_id, id);

CREATE INDEX brief_comments_workspace ON public.brief_comments USING btree (workspace_id);

CREATE INDEX briefs_list ON public.briefs USING btree (workspace_id, id);

CREATE INDEX briefs_search ON public.briefs USING gin (search);

CREATE INDEX cost_logs_list ON public.cost_logs USING btree (workspace_id, occurred_at, id);

CREATE INDEX cost_logs_run ON public.cost_logs USING btree (run_id) WHERE (run_id IS NOT NULL);

CREATE INDEX cost_reservations_ended ON public.cost_reservations USING btree (ended_at) WHERE (state <> 'reserved'::text);

CREATE INDEX cost_reservations_open ON public.cost_reservations USING btree (reserved_at) WHERE (state = 'reserved'::text);

CREATE INDEX cost_reservations_workspace ON public.cost_reservations USING btree (workspace_id);

CREATE INDEX coupon_redemptions_code ON public.coupon_redemptions USING btree (code);

CREATE INDEX coupons_plan ON public.coupons USING btree (plan_id);

CREATE INDEX dead_letters_list ON public.dead_letters USING btree (org_id, id);

CREATE INDEX dead_letters_open ON public.dead_letters USING btree (org_id, consumer, id) WHERE (status = 'open'::text);

CREATE INDEX dead_letters_resolved_by ON public.dead_letters USING btree (resolved_by) WHERE (resolved_by IS NOT NULL);

CREATE INDEX dead_letters_settled ON public.dead_letters USING btree (created_at) WHERE (status <> 'open'::text);

CREATE INDEX detection_rule_evidence_evidence ON public.detection_rule_evidence USING btree (evidence_id);

CREATE INDEX detection_rule_evidence_workspace ON public.detection_rule_evidence USING btree (workspace_id);

CREATE INDEX detection_rules_list ON public.detection_rules USING btree (workspace_id, id);

CREATE INDEX disputes_list ON public.disputes USING btree (org_id, id);

CREATE INDEX disputes_payment ON public.disputes USING btree (payment_id);

CREATE INDEX document_passages_search ON public.document_passages USING gin (search);

CREATE INDEX document_passages_workspace ON public.document_passages USING btree (workspace_id);

CREATE INDEX documents_abandoned ON public.documents USING btree (created_at) WHERE (status = 'awaiting_upload'::text);

CREATE UNIQUE INDEX documents_content ON public.documents USING btree (workspace_id, sha256) WHERE (sha256 IS NOT NULL);

CREATE INDEX documents_duplicate_of ON public.documents USING btree (duplicate_of) WHERE (duplicate_of IS NOT NULL);

CREATE INDEX documents_job ON public.documents USING btree (job_id) WHERE (job_id IS NOT NULL);

CREATE INDEX documents_list ON public.documents USING btree (org_id, workspace_id, id);

CREATE INDEX documents_project ON public.documents USING btree (project_id) WHERE (project_id IS NOT NULL);

CREATE INDEX documents_workspace ON public.documents USING btree (workspace_id);

CREATE INDEX entities_list ON public.entities USING btree (org_id, kind, id);

CREATE INDEX entitlements_plan ON public.entitlements USING btree (plan_id);

CREATE INDEX evidence_document ON public.evidence USING btree (org_id, document_id, id);

CREATE INDEX evidence_entity ON public.evidence USING btree (entity_id, id) WHERE (entity_id IS NOT NULL);

CREATE INDEX evidence_indicator ON public.evidence USING btree (indicator_id, id) WHERE (indicator_id IS NOT NULL);

CREATE UNIQUE INDEX evidence_once ON public.evidence USING btree (document_id, COALESCE(indicator_id, entity_id), start_offset, end_offset);

CREATE INDEX evidence_workspace ON public.evidence USING btree (workspace_id);

CREATE INDEX exports_age ON public.exports USING btree (created_at) WHERE (status = ANY (ARRAY['ready'::text, 'failed'::text]));

CREATE INDEX exports_job ON public.exports USING btree (job_id) WHERE (job_id IS NOT NULL);

CREATE INDEX exports_list ON public.exports USING btree (org_id, id);

CREATE INDEX exports_workspace ON public.exports USING btree (workspace_id);

CREATE INDEX feature_flag_changes_list ON public.feature_flag_changes USING btree (flag_key, id);

CREATE INDEX feature_flags_updated_by ON public.feature_flags USING btree (updated_by) WHERE (updated_by IS NOT NULL);

CREATE INDEX gateway_events_org ON public.gateway_events USING btree (org_id);

CREATE INDEX gateway_events_unmatched ON public.gateway_events USING btree (received_at) WHERE (status = 'unmatched'::text);

CREATE INDEX idempotent_requests_expiry ON public.idempotent_requests USING btree (expires_at);

CREATE INDEX indicators_list ON public.indicators USING btree (org_id, id);

CREATE INDEX indicators_prefix ON public.indicators USING btree (org_id, "left"(value, 200) text_pattern_ops);

CREATE INDEX invitations_address ON public.invitations USING btree (lower(email));

CREATE INDEX invitations_list ON public.invitations USING btree (org_id, id);

CREATE UNIQUE INDEX invitations_open ON public.invitations USING btree (org_id, lower(email)) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));

CREATE INDEX invoices_credits ON public.invoices USING btree (credits_id);

CREATE INDEX invoices_list ON public.invoices USING btree (org_id, id);

CREATE UNIQUE INDEX invoices_order ON public.invoices USING btree (order_id) WHERE (kind = 'invoice'::text);

CREATE INDEX invoices_order_all ON public.invoices USING btree (order_id);

CREATE INDEX invoices_payment ON public.invoices USING btree (payment_id);

CREATE UNIQUE INDEX invoices_refund ON public.invoices USING btree (refund_id);

CREATE INDEX job_events_age ON public.job_events USING brin (created_at);

CREATE INDEX job_events_organization ON public.job_events USING btree (org_id);

CREATE INDEX job_events_workspace ON public.job_events USING btree (workspace_id) WHERE (workspace_id IS NOT NULL);

CREATE INDEX jobs_finished ON public.jobs USING btree (finished_at) WHERE (finished_at IS NOT NULL);

CREATE INDEX jobs_list ON public.jobs USING btree (org_id, id);

CREATE INDEX jobs_unfinished ON public.jobs USING btree (updated_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX jobs_workspace ON public.jobs USING btree (workspace_id) WHERE (workspace_id IS NOT NULL);

CREATE INDEX ledger_balances_account ON public.ledger_balances USING btree (account);

CREATE INDEX ledger_entries_account ON public.ledger_entries USING btree (org_id, account);

CREATE INDEX ledger_entries_by_account ON public.ledger_entries USING btree (account);

CREATE INDEX ledger_transactions_list ON public.ledger_transactions USING btree (org_id, occurred_at, id);

CREATE INDEX memberships_user ON public.memberships USING btree (user_id, created_at);

CREATE INDEX notifications_age ON public.notifications USING btree (created_at);

CREATE INDEX notifications_list ON public.notifications USING btree (org_id, user_id, id);

CREATE INDEX orders_list ON public.orders USING btree (org_id, id);

CREATE INDEX orders_open ON public.orders USING btree (created_at) WHERE (status = ANY (ARRAY['created'::text, 'attempted'::text]));

CREATE INDEX outbox_age ON public.outbox USING btree (created_at);

CREATE INDEX outbox_organization ON public.outbox USING btree (org_id);

CREATE INDEX payments_list ON public.payments USING btree (org_id, id);

CREATE INDEX payments_order ON public.payments USING btree (order_id);

CREATE INDEX payments_subscription ON public.payments USING btree (subscription_id);

CREATE INDEX processed_messages_age ON public.processed_messages USING btree (processed_at);

CREATE INDEX projects_list ON public.projects USING btree (org_id, workspace_id, id);

CREATE INDEX refunds_list ON public.refunds USING btree (org_id, id);

CREATE INDEX refunds_open ON public.refunds USING btree (created_at) WHERE (status = ANY (ARRAY['requested'::text, 'pending'::text]));

CREATE INDEX refunds_payment ON public.refunds USING btree (payment_id);

CREATE INDEX relationship_evidence_evidence ON public.relationship_evidence USING btree (evidence_id);

CREATE INDEX relationship_evidence_workspace ON public.relationship_evidence USING btree (workspace_id);

CREATE INDEX relationships_list ON public.relationships USING btree (workspace_id, id);

CREATE UNIQUE INDEX relationships_once ON public.relationships USING btree (workspace_id, COALESCE(source_indicator_id, source_entity_id), relationship_type, COALESCE(target_indicator_id, target_entity_id));

CREATE INDEX relationships_source_entity ON public.relationships USING btree (source_entity_id) WHERE (source_entity_id IS NOT NULL);

CREATE INDEX relationships_source_indicator ON public.relationships USING btree (source_indicator_id) WHERE (source_indicator_id IS NOT NULL);

CREATE INDEX relationships_target_entity ON public.relationships USING btree (target_entity_id) WHERE (target_entity_id IS NOT NULL);

CREATE INDEX relationships_target_indicator ON public.relationships USING btree (target_indicator_id) WHERE (target_indicator_id IS NOT NULL);

CREATE INDEX subscriptions_due ON public.subscriptions USING btree (current_period_end) WHERE (ended_at IS NULL);

CREATE INDEX subscriptions_list ON public.subscriptions USING btree (org_id, id);

CREATE UNIQUE INDEX subscriptions_live ON public.subscriptions USING btree (org_id) WHERE (ended_at IS NULL);

CREATE INDEX subscriptions_replaced ON public.subscriptions USING gin (replaced_gateway_ids);

CREATE INDEX users_deleted ON public.users USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

CREATE INDEX workspace_members_org ON public.workspace_members USING btree (org_id);

CREATE INDEX workspace_members_user ON public.workspace_members USING btree (user_id);

CREATE TRIGGER append_only BEFORE DELETE ON public.audit_heads FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_heads FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.audit_logs FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_logs FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER counted AFTER INSERT ON public.indicators REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION indicators_counted();

CREATE TRIGGER discounted AFTER DELETE ON public.indicators REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION indicators_counted();

CREATE TRIGGER keep_issued BEFORE UPDATE ON public.invoices FOR EACH ROW EXECUTE FUNCTION invoices_keep_issued();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

CREATE TRIGGER written AFTER INSERT ON public.ledger_entries REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_written();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_transactions FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

CREATE TRIGGER written AFTER INSERT ON public.ledger_transactions REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ledger_transactions_written();

alter table agent_run_steps enable row level security;
alter table agent_run_steps force row level security;

alter table agent_runs enable row level security;
alter table agent_runs force row level security;

alter table agent_tool_calls enable row level security;
alter table agent_tool_calls force row level security;

alter table agent_versions enable row level security;
alter table agent_versions force row level security;

alter table agents enable row level security;
alter table agents force row level security;

alter table api_keys enable row level security;
alter table api_keys force row level security;

alter table api_usage_logs enable row level security;
alter table api_usage_logs force row level security;

alter table audit_heads enable row level security;
alter table audit_heads force row level security;

alter table audit_logs enable row level security;
alter table audit_logs force row level security;

alter table billing_accounts enable row level security;
alter table billing_accounts force row level security;

alter table billing_checks enable row level security;
alter table billing_checks force row level security;

alter table billing_differences enable row level security;
alter table billing_differences force row level security;

alter table blocklists enable row level security;
alter table blocklists force row level security;

alter table brief_comments enable row level security;
alter table brief_comments force row level security;

alter table briefs enable row level security;
alter table briefs force row level security;

alter table cost_logs enable row level security;
alter table cost_logs force row level security;

alter table cost_reservations enable row level security;
alter table cost_reservations force row level security;

alter table cost_scopes enable row level security;
alter table cost_scopes force row level security;

alter table coupon_redemptions enable row level security;
alter table coupon_redemptions force row level security;

alter table coupons enable row level security;
alter table coupons force row level security;

alter table dead_letters enable row level security;
alter table dead_letters force row level security;

alter table detection_rule_evidence enable row level security;
alter table detection_rule_evidence force row level security;

alter table detection_rules enable row level security;
alter table detection_rules force row level security;

alter table disputes enable row level security;
alter table disputes force row level security;

alter table document_passages enable row level security;
alter table document_passages force row level security;

alter table documents enable row level security;
alter table documents force row level security;

alter table entities enable row level security;
alter table entities force row level security;

alter table entitlements enable row level security;
alter table entitlements force row level security;

alter table evidence enable row level security;
alter table evidence force row level security;

alter table exports enable row level security;
alter table exports force row level security;

alter table feature_flag_changes enable row level security;
alter table feature_flag_changes force row level security;

alter table feature_flags enable row level security;
alter table feature_flags force row level security;

alter table gateway_events enable row level security;
alter table gateway_events force row level security;

alter table indicators enable row level security;
alter table indicators force row level security;

alter table invitations enable row level security;
alter table invitations force row level security;

alter table invoices enable row level security;
alter table invoices force row level security;

alter table job_events enable row level security;
alter table job_events force row level security;

alter table jobs enable row level security;
alter table jobs force row level security;

alter table ledger_balances enable row level security;
alter table ledger_balances force row level security;

alter table ledger_entries enable row level security;
alter table ledger_entries force row level security;

alter table ledger_transactions enable row level security;
alter table ledger_transactions force row level security;

alter table memberships enable row level security;
alter table memberships force row level security;

alter table notifications enable row level security;
alter table notifications force row level security;

alter table orders enable row level security;
alter table orders force row level security;

alter table organizations enable row level security;
alter table organizations force row level security;

alter table outbox enable row level security;
alter table outbox force row level security;

alter table payments enable row level security;
alter table payments force row level security;

alter table projects enable row level security;
alter table projects force row level security;

alter table refunds enable row level security;
alter table refunds force row level security;

alter table relationship_evidence enable row level security;
alter table relationship_evidence force row level security;

alter table relationships enable row level security;
alter table relationships force row level security;

alter table settlements enable row level security;
alter table settlements force row level security;

alter table subscriptions enable row level security;
alter table subscriptions force row level security;

alter table usage_meters enable row level security;
alter table usage_meters force row level security;

alter table user_permissions enable row level security;
alter table user_permissions force row level security;

alter table users enable row level security;
alter table users force row level security;

alter table workspace_members enable row level security;
alter table workspace_members force row level security;

alter table workspaces enable row level security;
alter table workspaces force row level security;

create policy tenant on agent_run_steps for all
  using ((app_is_system() OR ((org_id = app_org_id()) AND app_sees_workspace(workspace_id))))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on agent_runs for all
  using ((app_is_system() OR ((org_id = app_org_id()) AND app_sees_workspace(workspace_id))))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on agent_tool_calls for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on agent_versions for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on agents for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

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

create policy tenant on billing_accounts for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on billing_accounts for select
  using (app_is_system())
  with check ();

create policy operators on billing_checks for all
  using (app_is_system())
  with check (app_is_system());

create policy changed on billing_differences for update
  using (((org_id = app_org_id()) OR app_is_system()))
  with check (((org_id = app_org_id()) OR app_is_system()));

create policy noted on billing_differences for insert
  using ()
  with check (((org_id = app_org_id()) OR (org_id IS NULL) OR app_is_system()));

create policy visible on billing_differences for select
  using (((org_id = app_org_id()) OR app_is_system()))
  with check ();

create policy tenant on blocklists for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy tenant on brief_comments for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on briefs for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy corrected on cost_logs for update
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id) AND (finish = 'lost'::text)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy erased_with_workspace on cost_logs for delete
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id) AND (EXISTS ( SELECT
   FROM (workspaces w
     JOIN organizations o ON ((o.id = w.org_id)))
  WHERE ((w.id = cost_logs.workspace_id) AND ((w.deleting_at IS NOT NULL) OR (o.deleting_at IS NOT NULL)))))))
  with check ();

create policy visible on cost_logs for select
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check ();

create policy written on cost_logs for insert
  using ()
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy forgotten on cost_reservations for delete
  using ((app_is_system() AND (state <> 'reserved'::text)))
  with check ();

create policy tenant on cost_reservations for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy upkeep on cost_reservations for select
  using (app_is_system())
  with check ();

create policy tenant on cost_scopes for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on coupon_redemptions for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on coupon_redemptions for select
  using (app_is_system())
  with check ();

create policy operators on coupons for all
  using (app_is_system())
  with check (app_is_system());

create policy readable on coupons for select
  using ((app_org_id() IS NOT NULL))
  with check ();

create policy redeemed on coupons for update
  using ((app_org_id() IS NOT NULL))
  with check ((app_org_id() IS NOT NULL));

create policy tenant on dead_letters for all
  using (((org_id = app_org_id()) OR app_is_system()))
  with check (((org_id = app_org_id()) OR (org_id IS NULL) OR app_is_system()));

create policy tenant on detection_rule_evidence for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on detection_rules for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on disputes for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on disputes for select
  using (app_is_system())
  with check ();

create policy tenant on document_passages for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy expiring on documents for select
  using ((app_is_system() AND (status = 'awaiting_upload'::text)))
  with check ();

create policy tenant on documents for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on entities for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy tenant on entitlements for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on entitlements for select
  using (app_is_system())
  with check ();

create policy tenant on evidence for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy expiring on exports for select
  using (app_is_system())
  with check ();

create policy expiry on exports for update
  using ((app_is_system() AND (status = ANY (ARRAY['ready'::text, 'failed'::text]))))
  with check ((app_is_system() AND (status = 'expired'::text)));

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

create policy changed on gateway_events for update
  using (((org_id = app_org_id()) OR app_is_system()))
  with check (((org_id = app_org_id()) OR app_is_system()));

create policy noted on gateway_events for insert
  using ()
  with check (((org_id = app_org_id()) OR (org_id IS NULL) OR app_is_system()));

create policy visible on gateway_events for select
  using (((org_id = app_org_id()) OR app_is_system()))
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

create policy tenant on invoices for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on invoices for select
  using (app_is_system())
  with check ();

create policy expiry on job_events for delete
  using (app_is_system())
  with check ();

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

create policy company on ledger_balances for all
  using (((org_id IS NULL) AND app_is_system()))
  with check (((org_id IS NULL) AND app_is_system()));

create policy tenant on ledger_balances for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on ledger_balances for select
  using (app_is_system())
  with check ();

create policy company on ledger_entries for all
  using (((org_id IS NULL) AND app_is_system()))
  with check (((org_id IS NULL) AND app_is_system()));

create policy tenant on ledger_entries for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on ledger_entries for select
  using (app_is_system())
  with check ();

create policy company on ledger_transactions for all
  using (((org_id IS NULL) AND app_is_system()))
  with check (((org_id IS NULL) AND app_is_system()));

create policy tenant on ledger_transactions for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on ledger_transactions for select
  using (app_is_system())
  with check ();

create policy tenant on memberships for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy visible on memberships for select
  using (((org_id = app_org_id()) OR (user_id = app_user_id()) OR app_is_system()))
  with check ();

create policy expiring on notifications for select
  using (app_is_system())
  with check ();

create policy expiry on notifications for delete
  using (app_is_system())
  with check ();

create policy tenant on notifications for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy tenant on orders for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on orders for select
  using (app_is_system())
  with check ();

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

create policy tenant on payments for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on payments for select
  using (app_is_system())
  with check ();

create policy tenant on projects for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on refunds for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on refunds for select
  using (app_is_system())
  with check ();

create policy tenant on relationship_evidence for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy tenant on relationships for all
  using (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)))
  with check (((org_id = app_org_id()) AND app_sees_workspace(workspace_id)));

create policy operators on settlements for all
  using (app_is_system())
  with check (app_is_system());

create policy tenant on subscriptions for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on subscriptions for select
  using (app_is_system())
  with check ();

create policy tenant on usage_meters for all
  using ((org_id = app_org_id()))
  with check ((org_id = app_org_id()));

create policy upkeep on usage_meters for select
  using (app_is_system())
  with check ();

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

grant delete, insert, select, update on agent_run_steps to adapt_app;

grant delete, insert, select, update on agent_runs to adapt_app;

grant delete, insert, select, update on agent_tool_calls to adapt_app;

grant delete, insert, select, update on agent_versions to adapt_app;

grant delete, insert, select, update on agents to adapt_app;

grant delete, insert, select, update on api_keys to adapt_app;

grant delete, insert, select on api_usage_logs to adapt_app;

grant select on audit_heads to adapt_app;

grant select on audit_logs to adapt_app;

grant insert, select, update on billing_accounts to adapt_app;

grant delete, insert, select, update on billing_checks to adapt_app;

grant insert, select, update on billing_differences to adapt_app;

grant delete, insert, select, update on blocklists to adapt_app;

grant delete, insert, select, update on brief_comments to adapt_app;

grant delete, insert, select, update on briefs to adapt_app;

grant delete, insert, select on cost_logs to adapt_app;

grant delete, insert, select, update on cost_reservations to adapt_app;

grant delete, insert, select, update on cost_scopes to adapt_app;

grant delete, insert, select, update on coupon_redemptions to adapt_app;

grant insert, select on coupons to adapt_app;

grant delete, insert, select, update on dead_letters to adapt_app;

grant delete, insert, select, update on detection_rule_evidence to adapt_app;

grant delete, insert, select, update on detection_rules to adapt_app;

grant insert, select, update on disputes to adapt_app;

grant delete, insert, select, update on document_passages to adapt_app;

grant delete, insert, select, update on documents to adapt_app;

grant delete, insert, select, update on entities to adapt_app;

grant delete, insert, select, update on entitlements to adapt_app;

grant delete, insert, select, update on evidence to adapt_app;

grant delete, insert, select, update on exports to adapt_app;

grant insert, select on feature_flag_changes to adapt_app;

grant delete, insert, select, update on feature_flags to adapt_app;

grant insert, select, update on gateway_events to adapt_app;

grant insert, select on gateway_plans to adapt_app;

grant delete, insert, select, update on idempotent_requests to adapt_app;

grant delete, insert, select, update on indicators to adapt_app;

grant delete, insert, select, update on invitations to adapt_app;

grant insert, select, update on invoice_series to adapt_app;

grant insert, select, update on invoices to adapt_app;

grant delete, insert, select, update on job_events to adapt_app;

grant delete, insert, select, update on jobs to adapt_app;

grant select on ledger_accounts to adapt_app;

grant select on ledger_balances to adapt_app;

grant insert, select on ledger_entries to adapt_app;

grant select on ledger_transactions to adapt_app;

grant delete, insert, select, update on memberships to adapt_app;

grant delete, insert, select, update on notifications to adapt_app;

grant insert, select, update on orders to adapt_app;

grant delete, insert, select, update on organizations to adapt_app;

grant delete, insert, select, update on outbox to adapt_app;

grant insert, select, update on payments to adapt_app;

grant select on plan_limits to adapt_app;

grant select on plan_prices to adapt_app;

grant select on plans to adapt_app;

grant delete, insert, select, update on processed_messages to adapt_app;

grant delete, insert, select, update on projects to adapt_app;

grant insert, select, update on refunds to adapt_app;

grant delete, insert, select, update on relationship_evidence to adapt_app;

grant delete, insert, select, update on relationships to adapt_app;

grant insert, select, update on settlements to adapt_app;

grant insert, select, update on subscriptions to adapt_app;

grant delete, insert, select, update on usage_meters to adapt_app;

grant delete, insert, select, update on user_permissions to adapt_app;

grant delete, insert, select on users to adapt_app;

grant delete, insert, select, update on workspace_members to adapt_app;

grant delete, insert, select, update on workspaces to adapt_app;
