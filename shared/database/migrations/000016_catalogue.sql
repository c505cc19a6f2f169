-- What is sold. Prices are without tax; a year costs ten months. Quantities without limit are null.
insert into plans (id, name, description, rank, trial_days, is_public) values
  ('free', 'Free', 'For a small team that reads a few hundred documents a month', 0, 0, true),
  ('team', 'Team', 'For a team of analysts and the defenses that they feed', 10, 14, true),
  ('business', 'Business', 'For a security operations centre: more of everything', 20, 0, true),
  ('enterprise', 'Enterprise', 'Without limits, or with those of a contract', 30, 0, false);

-- Further prices come as further rows: what was agreed before they hold is not touched.
insert into plan_prices (id, plan_id, period, valid_from, base_paise, included_seats, seat_paise) values
  ('01930000-0000-7000-8000-000000000001', 'team', 'month', '2020-01-01 00:00:00+05:30', 499900, 5, 89900),
  ('01930000-0000-7000-8000-000000000002', 'team', 'year', '2020-01-01 00:00:00+05:30', 4999000, 5, 899000),
  ('01930000-0000-7000-8000-000000000003', 'business', 'month', '2020-01-01 00:00:00+05:30', 1499900, 15, 129900),
  ('01930000-0000-7000-8000-000000000004', 'business', 'year', '2020-01-01 00:00:00+05:30', 14999000, 15, 1299000);

-- Seats of a plan that is paid for are those that were bought. Requests without limit have that of the installation.
insert into plan_limits (plan_id, feature, quantity) values
  ('free', 'seats', 5),
  ('free', 'documents', 500),
  ('free', 'indicators', 100000),
  ('free', 'feeds', 3),
  ('free', 'runs', 100),
  ('free', 'model_budget_microdollars', 25000000),
  ('free', 'requests_per_minute', 1000),
  ('team', 'seats', null),
  ('team', 'documents', 2000),
  ('team', 'indicators', 500000),
  ('team', 'feeds', 20),
  ('team', 'runs', 1000),
  ('team', 'model_budget_microdollars', 100000000),
  ('team', 'requests_per_minute', null),
  ('business', 'seats', null),
  ('business', 'documents', 20000),
  ('business', 'indicators', 5000000),
  ('business', 'feeds', 100),
  ('business', 'runs', 10000),
  ('business', 'model_budget_microdollars', 500000000),
  ('business', 'requests_per_minute', null),
  ('enterprise', 'seats', null),
  ('enterprise', 'documents', null),
  ('enterprise', 'indicators', null),
  ('enterprise', 'feeds', null),
  ('enterprise', 'runs', null),
  ('enterprise', 'model_budget_microdollars', null),
  ('enterprise', 'requests_per_minute', null);

-- How many indicators an organization has is asked whenever it announces a document, and there may be hundreds of thousands.
-- Whoever writes them has locked the evidence of the organization, so nobody waits here.
create function indicators_counted() returns trigger language plpgsql set search_path = '' as $$
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
end $$;
create trigger counted after insert on indicators referencing new table as changed
  for each statement execute function indicators_counted();
create trigger discounted after delete on indicators referencing old table as changed
  for each statement execute function indicators_counted();

-- For the owner of the tables, who is no superuser everywhere.
alter table indicators no force row level security;
alter table usage_meters no force row level security;
insert into usage_meters (org_id, feature, month, used)
select org_id, 'indicators', 'stock', count(*) from indicators group by org_id;
alter table usage_meters force row level security;
alter table indicators force row level security;
