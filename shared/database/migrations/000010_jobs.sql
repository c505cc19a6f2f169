-- What a job has taken so far: attempts and money; stale ones are taken up again a few times. Old rows and files expire, and
-- the confidence in indicators that nobody sees any more decays.

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

-- What has had its time goes by schedules that work across organizations: they see no more than that, and what they
-- change is fixed here.
create policy expiring on exports for select using (app_is_system());
create policy expiry on exports for update
  using (app_is_system() and status in ('ready', 'failed')) with check (app_is_system() and status = 'expired');
create policy expiring on documents for select using (app_is_system() and status = 'awaiting_upload');
create policy expiring on notifications for select using (app_is_system());
create policy expiry on notifications for delete using (app_is_system());
create policy expiry on job_events for delete using (app_is_system());
create index exports_age on exports (created_at) where status in ('ready', 'failed');
create index documents_abandoned on documents (created_at) where status = 'awaiting_upload';
create index notifications_age on notifications (created_at);
create index dead_letters_settled on dead_letters (created_at) where status <> 'open';
create index jobs_finished on jobs (finished_at) where finished_at is not null;

-- Confidence as it is today; brought up to date daily, and whenever the confidence is derived anew.
alter table indicators add column score smallint not null default 0 check (score between 0 and 100);
-- The owner, too, sees nothing of it while row-level security is forced.
alter table indicators no force row level security;
update indicators set score = confidence;
alter table indicators force row level security;
