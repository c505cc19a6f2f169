-- Feature flags are the installation's, not an organization's: everyone reads them, operators change them.

create table feature_flags (
  key text primary key check (key ~ '^FEATURE_[A-Z0-9_]{1,60}$'),
  description text not null default '' check (length(description) <= 1000),
  enabled boolean not null,
  percentage smallint not null check (percentage between 0 and 100),
  -- [{"org_id", "enabled"}]: decides for that organization, whatever else is set.
  rules jsonb not null default '[]' check (jsonb_typeof(rules) = 'array'),
  updated_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index feature_flags_updated_by on feature_flags (updated_by) where updated_by is not null;

-- Who changed what: there is no organization in whose audit log it could stand. It outlives the flag.
create table feature_flag_changes (
  id uuid primary key,
  flag_key text not null,
  action text not null check (action in ('created', 'updated', 'deleted')),
  -- No reference: who did it stays written.
  changed_by uuid,
  before jsonb,
  after jsonb,
  request_id text not null,
  changed_at timestamptz not null default now()
);
create index feature_flag_changes_list on feature_flag_changes (flag_key, id);

alter table feature_flags enable row level security;
alter table feature_flags force row level security;
alter table feature_flag_changes enable row level security;
alter table feature_flag_changes force row level security;

create policy readable on feature_flags for select using (true);
create policy operators on feature_flags using (app_is_system()) with check (app_is_system());
create policy readable on feature_flag_changes for select using (app_is_system());
create policy operators on feature_flag_changes for insert with check (app_is_system());

grant select, insert, update, delete on feature_flags to adapt_app;
grant select, insert on feature_flag_changes to adapt_app;
