-- The audit log: per organization a chain of entries, each hashed together with the one before it. The application may
-- read it and call append_audit; it can neither change nor remove an entry, nor write one by itself.

-- The last link of each chain. Its row is the lock that puts an organization's writers in a row.
create table audit_heads (
  -- No cascade: an organization can't go before its log was erased, nor can anybody log after that.
  org_id uuid primary key references organizations,
  sequence bigint not null,
  hash bytea not null
) with (fillfactor = 50);

create table audit_logs (
  org_id uuid not null,
  -- 1, 2, 3 … within the organization, without gaps.
  sequence bigint not null,
  occurred_at timestamptz not null,
  actor_kind text not null check (actor_kind in ('user', 'key', 'system')),
  actor_id text,
  action text not null,
  target_type text not null,
  target_id text,
  -- Not jsonb: it is kept as it was hashed, to the byte.
  details json not null,
  request_id text not null,
  ip text,
  hash bytea not null,
  primary key (org_id, sequence, occurred_at)
) partition by range (occurred_at);

-- For a moment without a partition of its month: a write never fails for the want of one.
create table audit_logs_default partition of audit_logs default;

alter table audit_heads enable row level security;
alter table audit_heads force row level security;
alter table audit_logs enable row level security;
alter table audit_logs force row level security;
-- Reached through audit_logs alone: without policies it is empty to whoever asks it directly.
alter table audit_logs_default enable row level security;
alter table audit_logs_default force row level security;

-- They bind the functions below too, whose owner is no superuser in production.
create policy tenant on audit_heads
  using (org_id = app_org_id() or app_is_system()) with check (org_id = app_org_id() or app_is_system());
create policy tenant on audit_logs
  using (org_id = app_org_id() or app_is_system()) with check (org_id = app_org_id() or app_is_system());

grant select on audit_heads, audit_logs to adapt_app;

-- Against mistakes of those who may do more than the application. Only erase_audit says whose rows may go.
create function refuse_audit_change() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    if old.org_id::text = current_setting('app.erasing_audit', true) then
      return old;
    end if;
  end if;
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete on audit_logs
  for each row execute function refuse_audit_change();
create trigger append_only_truncate before truncate on audit_logs
  for each statement execute function refuse_audit_change();
create trigger append_only_truncate before truncate on audit_logs_default
  for each statement execute function refuse_audit_change();
create trigger append_only before delete on audit_heads
  for each row execute function refuse_audit_change();
create trigger append_only_truncate before truncate on audit_heads
  for each statement execute function refuse_audit_change();

-- Appends a JSON array of canonical entries (RFC 8785; see shared/domain/audit). An entry's hash is
-- sha256(hash before || sequence as int8, big-endian || sha256(canonical entry)); before the first one are 32 zero bytes.
create function append_audit(entries json) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
end $$;
revoke all on function append_audit(json) from public;
grant execute on function append_audit(json) to adapt_app;

-- Removes the log of an organization that is being deleted, at most so many entries at a time, the head with the last.
-- Returns how many went; 0: nothing is left.
create function erase_audit(organization uuid, at_most integer) returns bigint
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
end $$;
revoke all on function erase_audit(uuid, integer) from public;
grant execute on function erase_audit(uuid, integer) to adapt_app;

-- Makes the partitions of this month and of the next ones, for a closed list of tables. Returns the names of those that
-- can't be made because entries of that month are in the default partition already; there they are as safe, only slower
-- to find. A partition has no grants and no policies: it is reached through its table.
create function ensure_month_partitions(parent text, months_ahead integer) returns setof text
  -- Attaching locks the default partition: rather fail than let everybody queue up behind it.
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
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
end $$;
revoke all on function ensure_month_partitions(text, integer) from public;
grant execute on function ensure_month_partitions(text, integer) to adapt_app;

-- Drops the months of api_usage_logs that ended more than 13 months ago, and deletes what is as old from its default
-- partition. Returns the names of what it dropped.
create function drop_expired_partitions() returns setof text
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
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
end $$;
revoke all on function drop_expired_partitions() from public;
grant execute on function drop_expired_partitions() to adapt_app;

select set_config('app.system', 'on', true);
select ensure_month_partitions('audit_logs', 3);
select set_config('app.system', '', true);
