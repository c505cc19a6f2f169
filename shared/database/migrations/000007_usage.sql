-- The usage log: one row per answered request of an organization, written by the runtime in batches and dropped by the
-- month. Nobody changes a row, and nobody removes one but the upkeep of partitions and the deletion of an organization.

create table api_usage_logs (
  id uuid not null,
  -- No reference: locks on organizations are not for a log to take. Its rows are erased with the organization.
  org_id uuid not null,
  -- When the request was answered.
  occurred_at timestamptz not null,
  user_id uuid,
  key_id uuid,
  -- The route.
  function_name text not null,
  method text not null,
  status smallint not null,
  milliseconds real not null,
  request_bytes bigint,
  response_bytes bigint,
  request_id text not null,
  -- With what is summed up, which is then read from the index alone.
  primary key (org_id, occurred_at, id) include (function_name, status, milliseconds, user_id, key_id)
) partition by range (occurred_at);
create index api_usage_logs_route on api_usage_logs (org_id, function_name, occurred_at, id);
-- Each row is in one of these two, and, unless it is a success, in one of the next three.
create index api_usage_logs_user on api_usage_logs (org_id, user_id, occurred_at, id) where user_id is not null;
create index api_usage_logs_key on api_usage_logs (org_id, key_id, occurred_at, id) where key_id is not null;
create index api_usage_logs_3xx on api_usage_logs (org_id, occurred_at, id) where status between 300 and 399;
create index api_usage_logs_4xx on api_usage_logs (org_id, occurred_at, id) where status between 400 and 499;
create index api_usage_logs_5xx on api_usage_logs (org_id, occurred_at, id) where status between 500 and 599;

-- For a moment without a partition of its month: a write never fails for the want of one.
create table api_usage_logs_default partition of api_usage_logs default;

alter table api_usage_logs enable row level security;
alter table api_usage_logs force row level security;
-- Reached through api_usage_logs alone: without policies it is empty to whoever asks it directly.
alter table api_usage_logs_default enable row level security;
alter table api_usage_logs_default force row level security;

create policy visible on api_usage_logs for select using (org_id = app_org_id() or app_is_system());
create policy written_by_runtime on api_usage_logs for insert with check (app_is_system());
create policy erased_with_organization on api_usage_logs for delete
  using (
    app_is_system()
    or org_id = app_org_id() and exists (select from organizations o where o.id = api_usage_logs.org_id and o.deleting_at is not null)
  );

grant select, insert, delete on api_usage_logs to adapt_app;

select set_config('app.system', 'on', true);
select ensure_month_partitions('api_usage_logs', 3);
select set_config('app.system', '', true);
