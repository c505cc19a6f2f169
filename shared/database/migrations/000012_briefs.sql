-- What is written from intelligence: briefs with comments, detection rules, and relationships between what is known.

create table briefs (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  title text not null check (length(title) between 1 and 200),
  tlp text not null check (tlp in ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')),
  -- Headings, and below each its claims with their citations.
  sections jsonb not null,
  -- Claims that cite nothing: only people may write such.
  uncited_claims integer not null check (uncited_claims >= 0),
  status text not null default 'draft' check (status in ('draft', 'published')),
  version integer not null default 1,
  -- The run of an agent that wrote it; the brief outlives it.
  run_id uuid,
  -- Quotes are the documents' words, and are found there.
  search tsvector not null generated always as (
    setweight(to_tsvector('english', title), 'A')
    || setweight(jsonb_to_tsvector('english', jsonb_path_query_array(sections, '$[*].heading'), '["string"]'), 'B')
    || setweight(jsonb_to_tsvector('english', jsonb_path_query_array(sections, '$[*].claims[*].text'), '["string"]'), 'C')
  ) stored,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  published_at timestamptz,
  published_by uuid references users on delete set null,
  check ((status = 'published') = (published_at is not null))
);
create index briefs_list on briefs (workspace_id, id);
create index briefs_search on briefs using gin (search);

create table brief_comments (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  brief_id uuid not null references briefs on delete cascade,
  body text not null check (length(body) between 1 and 10000),
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index brief_comments_list on brief_comments (brief_id, id);
create index brief_comments_workspace on brief_comments (workspace_id);

create table detection_rules (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  kind text not null check (kind in ('sigma', 'yara', 'suricata')),
  name text not null check (length(name) between 1 and 200),
  content text not null,
  sha256 bytea not null,
  -- Of the rules of a YARA file: a scanner takes no two of one name.
  yara_names jsonb not null default '[]',
  -- ATT&CK ids.
  techniques jsonb not null default '[]',
  tlp text not null check (tlp in ('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED')),
  status text not null default 'draft' check (status in ('draft', 'active', 'retired')),
  run_id uuid,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- The same rule written twice is one.
  unique (workspace_id, kind, sha256)
);
create index detection_rules_list on detection_rules (workspace_id, id);

-- What a rule rests on; evidence leads on to indicators, entities and documents.
create table detection_rule_evidence (
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  rule_id uuid not null references detection_rules on delete cascade,
  evidence_id uuid not null references evidence on delete cascade,
  primary key (rule_id, evidence_id)
);
create index detection_rule_evidence_evidence on detection_rule_evidence (evidence_id);
create index detection_rule_evidence_workspace on detection_rule_evidence (workspace_id);

create table relationships (
  id uuid primary key,
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  source_indicator_id uuid references indicators on delete cascade,
  source_entity_id uuid references entities on delete cascade,
  -- STIX 2.1, appendix B.
  relationship_type text not null,
  target_indicator_id uuid references indicators on delete cascade,
  target_entity_id uuid references entities on delete cascade,
  status text not null default 'proposed' check (status in ('proposed', 'accepted', 'rejected')),
  confidence smallint not null check (confidence between 0 and 100),
  run_id uuid,
  created_by uuid references users on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  decided_at timestamptz,
  decided_by uuid references users on delete set null,
  check (num_nonnulls(source_indicator_id, source_entity_id) = 1),
  check (num_nonnulls(target_indicator_id, target_entity_id) = 1),
  check (coalesce(source_indicator_id, source_entity_id) <> coalesce(target_indicator_id, target_entity_id)),
  check ((status = 'proposed') = (decided_at is null))
);
create unique index relationships_once on relationships (
  workspace_id, coalesce(source_indicator_id, source_entity_id), relationship_type,
  coalesce(target_indicator_id, target_entity_id)
);
create index relationships_list on relationships (workspace_id, id);
create index relationships_source_indicator on relationships (source_indicator_id) where source_indicator_id is not null;
create index relationships_source_entity on relationships (source_entity_id) where source_entity_id is not null;
create index relationships_target_indicator on relationships (target_indicator_id) where target_indicator_id is not null;
create index relationships_target_entity on relationships (target_entity_id) where target_entity_id is not null;

create table relationship_evidence (
  org_id uuid not null references organizations on delete cascade,
  workspace_id uuid not null references workspaces on delete cascade,
  relationship_id uuid not null references relationships on delete cascade,
  evidence_id uuid not null references evidence on delete cascade,
  primary key (relationship_id, evidence_id)
);
create index relationship_evidence_evidence on relationship_evidence (evidence_id);
create index relationship_evidence_workspace on relationship_evidence (workspace_id);

alter table briefs enable row level security;
alter table briefs force row level security;
alter table brief_comments enable row level security;
alter table brief_comments force row level security;
alter table detection_rules enable row level security;
alter table detection_rules force row level security;
alter table detection_rule_evidence enable row level security;
alter table detection_rule_evidence force row level security;
alter table relationships enable row level security;
alter table relationships force row level security;
alter table relationship_evidence enable row level security;
alter table relationship_evidence force row level security;

create policy tenant on briefs
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on brief_comments
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on detection_rules
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on detection_rule_evidence
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on relationships
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));
create policy tenant on relationship_evidence
  using (org_id = app_org_id() and app_sees_workspace(workspace_id))
  with check (org_id = app_org_id() and app_sees_workspace(workspace_id));

grant select, insert, update, delete
  on briefs, brief_comments, detection_rules, detection_rule_evidence, relationships, relationship_evidence to adapt_app;
