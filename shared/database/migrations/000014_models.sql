-- Which models a workspace asks, by alias, beyond what the installation says.
alter table workspaces add column model_settings jsonb not null default '{}';
