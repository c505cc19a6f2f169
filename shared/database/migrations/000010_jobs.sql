-- What a job has taken so far: attempts and money; stale ones are taken up again a few times. Files of exports expire.

alter table jobs
  -- Deliveries of its tasks that ended, well or not; those that were cut off by a crash are not among them.
  add column attempts integer not null default 0,
  -- What models cost for it, in millionths of a US dollar.
  add column cost_microdollars bigint not null default 0,
  -- How often it was taken up again after nothing had been heard of it.
  add column revivals integer not null default 0,
  add check (attempts >= 0 and cost_microdollars >= 0 and revivals >= 0);

alter table exports
  drop constraint exports_status_check,
  add check (status in ('processing', 'ready', 'failed', 'expired'));
-- The schedule that removes old files goes across organizations; to change one it enters its organization.
create policy upkeep on exports for select using (app_is_system());
create index exports_age on exports (created_at) where status in ('ready', 'failed');
