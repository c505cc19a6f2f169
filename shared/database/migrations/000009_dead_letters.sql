-- Dead letters that somebody looks after: sent again, or discarded. Jobs that nobody works on any more.

alter table dead_letters
  -- The queue of a task; an event is sent again to its one function through the queue `default`.
  add column queue text not null default 'default',
  add column status text not null default 'open' check (status in ('open', 'redriven', 'discarded')),
  add column redrives integer not null default 0,
  -- The message that it was sent again as: when that one is given up too, this letter is open again.
  add column redrive_id text unique,
  add column redriven_at timestamptz,
  add column discarded_at timestamptz,
  -- Who sent it again last, or discarded it.
  add column resolved_by uuid references users on delete set null;
create index dead_letters_open on dead_letters (org_id, consumer, id) where status = 'open';
create index dead_letters_resolved_by on dead_letters (resolved_by) where resolved_by is not null;

-- The schedule that looks for stale jobs goes across organizations; to change one it enters its organization.
create policy upkeep on jobs for select using (app_is_system());
create policy upkeep on job_events for select using (app_is_system());
-- Events are only ever appended, so that their place says when.
create index job_events_age on job_events using brin (created_at);
