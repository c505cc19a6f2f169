-- Documents in, evidenced intelligence out.

-- Rank of a TLP 2.0 level, the least restrictive first.
create function tlp_rank(level text) returns integer language sql immutable parallel safe
  return array_position(array['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'], level);

create table documents (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  project_id uuid references projects on delete set null,
  file_name text not null,
  content_type text not null,
  declared_size_bytes bigint not null,
  size_bytes bigint,
  -- Null until the content has been read; set once for the one document that stands for this content.
  sha256 text,
  format text,
  title text,
  page_count integer,
  character_count integer,
  tlp text not null check (tlp in ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')),
  -- Whether the analyst said so; otherwise a marking found in the text decides.
  tlp_declared boolean not null,
  status text not null check (status in ('awaiting_upload', 'processing', 'ready', 'rejected', 'failed', 'duplicate')),
  duplicate_of uuid references documents on delete set null,
  object_key text not null,
  job_id uuid references jobs on delete set null,
  error jsonb,
  counts jsonb not null default '{}',
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index documents_list on documents (org_id, workspace_id, id);
create index documents_project on documents (project_id) where project_id is not null;
create unique index documents_content on documents (workspace_id, sha256) where sha256 is not null;

-- The text of a document in pieces of a few thousand characters: their concatenation in order is the text, exactly.
create table document_passages (
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  document_id uuid not null references documents on delete cascade,
  ordinal integer not null,
  page integer,
  start_offset integer not null,
  text text not null,
  search tsvector,
  primary key (document_id, ordinal)
);
create index document_passages_search on document_passages using gin (search);

create table indicators (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  type text not null,
  value text not null,
  -- Values can be longer than an index entry may be.
  value_sha256 bytea not null,
  tlp text not null check (tlp in ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')),
  confidence smallint not null check (confidence between 0 and 100),
  suppressed_reason text,
  suppressed_list text,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  valid_until timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, type, value_sha256),
  check ((suppressed_reason is null) = (suppressed_list is null))
);
create index indicators_list on indicators (org_id, id);
create index indicators_prefix on indicators (org_id, left(value, 200) text_pattern_ops);

-- Named things of the ATT&CK world seen by the organization: techniques, actors, software, vulnerabilities.
create table entities (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  kind text not null check (kind in ('technique', 'actor', 'software', 'vulnerability')),
  -- ATT&CK id or CVE id.
  external_id text not null,
  name text not null,
  tlp text not null check (tlp in ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')),
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, kind, external_id)
);
create index entities_list on entities (org_id, kind, id);

create table evidence (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  document_id uuid not null references documents on delete cascade,
  indicator_id uuid references indicators on delete cascade,
  entity_id uuid references entities on delete cascade,
  page integer,
  start_offset integer not null,
  end_offset integer not null,
  -- The words of the document between the offsets, and the sentence around them.
  quote text not null,
  sentence text not null,
  -- By id, name, alias, phrase, or pattern for indicators.
  how text not null,
  defanged boolean not null default false,
  suppressed_reason text,
  suppressed_list text,
  confidence smallint not null check (confidence between 0 and 100),
  created_at timestamptz not null default now(),
  check (num_nonnulls(indicator_id, entity_id) = 1),
  check (start_offset >= 0 and end_offset > start_offset)
);
create index evidence_document on evidence (org_id, document_id, id);
create index evidence_indicator on evidence (indicator_id, id) where indicator_id is not null;
create index evidence_entity on evidence (entity_id, id) where entity_id is not null;
create unique index evidence_once on evidence (document_id, coalesce(indicator_id, entity_id), start_offset, end_offset);

create table blocklists (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  name text not null check (length(name) between 1 and 200),
  token_sha256 bytea not null unique,
  token_prefix text not null,
  types jsonb not null,
  maximum_tlp text not null check (maximum_tlp in ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')),
  minimum_confidence smallint not null check (minimum_confidence between 0 and 100),
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
create index blocklists_list on blocklists (org_id, id);

create table exports (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  format text not null check (format in ('stix', 'csv')),
  filter jsonb not null,
  status text not null check (status in ('processing', 'ready', 'failed')),
  object_key text not null,
  size_bytes bigint,
  job_id uuid references jobs on delete set null,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index exports_list on exports (org_id, id);

create table notifications (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  user_id uuid not null references users on delete cascade,
  kind text not null,
  title text not null,
  body text not null,
  subject_id uuid,
  read_at timestamptz,
  created_at timestamptz not null default now()
);
create index notifications_list on notifications (org_id, user_id, id);

alter table documents enable row level security;
alter table documents force row level security;
alter table document_passages enable row level security;
alter table document_passages force row level security;
alter table indicators enable row level security;
alter table indicators force row level security;
alter table entities enable row level security;
alter table entities force row level security;
alter table evidence enable row level security;
alter table evidence force row level security;
alter table blocklists enable row level security;
alter table blocklists force row level security;
alter table exports enable row level security;
alter table exports force row level security;
alter table notifications enable row level security;
alter table notifications force row level security;

create policy tenant on documents
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on document_passages
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on indicators using (org_id = app_org_id()) with check (org_id = app_org_id());
create policy tenant on entities using (org_id = app_org_id()) with check (org_id = app_org_id());
create policy tenant on evidence
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on blocklists using (org_id = app_org_id()) with check (org_id = app_org_id());
create policy tenant on exports
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on notifications using (org_id = app_org_id()) with check (org_id = app_org_id());

grant select, insert, update, delete
  on documents, document_passages, indicators, entities, evidence, blocklists, exports, notifications to adapt_app;
