-- Billing: what is sold, what is owed and paid, and the books. All money is whole paise of the Indian rupee. What the law
-- wants kept (orders, payments, invoices, the ledger) outlives its organization: adapt_app may not delete it, and it
-- refers to no organization.

-- ---- catalogue: of the installation -----------------------------------------------------------------------------------

create table plans (
  id text primary key check (id ~ '^[a-z][a-z0-9-]{1,39}$'),
  name text not null check (length(name) between 1 and 100),
  description text not null default '' check (length(description) <= 1000),
  -- From the smallest to the largest: a change to a higher one is an upgrade.
  rank smallint not null unique,
  trial_days smallint not null default 0 check (trial_days between 0 and 90),
  -- Sold to whoever asks; others are given by operators.
  is_public boolean not null default true
);

-- A price holds from its date until the next one's of the same plan and period.
create table plan_prices (
  id uuid primary key,
  plan_id text not null references plans,
  period text not null check (period in ('month', 'year')),
  valid_from timestamptz not null,
  -- Without tax.
  base_paise bigint not null check (base_paise >= 0),
  included_seats integer not null check (included_seats >= 1),
  seat_paise bigint not null check (seat_paise >= 0),
  unique (plan_id, period, valid_from)
);

create table plan_limits (
  plan_id text not null references plans,
  -- What is counted, as shared/domain/billing/entitlements/features.ts names it.
  feature text not null check (feature ~ '^[a-z_]{2,40}$'),
  -- Null: without limit.
  quantity bigint check (quantity >= 0),
  primary key (plan_id, feature)
);

create table coupons (
  code text primary key check (code ~ '^[A-Z0-9][A-Z0-9-]{2,29}$'),
  percent_basis_points integer check (percent_basis_points between 1 and 10000),
  amount_paise bigint check (amount_paise > 0),
  -- Of the first order only, or of each renewal too.
  duration text not null check (duration in ('once', 'forever')),
  -- Null: each plan.
  plan_id text references plans,
  maximum_redemptions integer check (maximum_redemptions > 0),
  redeemed integer not null default 0 check (redeemed >= 0),
  valid_from timestamptz not null,
  valid_until timestamptz,
  created_at timestamptz not null default now(),
  check ((percent_basis_points is null) <> (amount_paise is null)),
  check (maximum_redemptions is null or redeemed <= maximum_redemptions),
  check (valid_until is null or valid_until > valid_from)
);
create index coupons_plan on coupons (plan_id);

-- Plans as the gateway knows them: one for each amount that is charged.
create table gateway_plans (
  gateway_plan_id text primary key,
  plan_id text not null,
  period text not null check (period in ('month', 'year')),
  -- With tax.
  amount_paise bigint not null check (amount_paise > 0),
  unique (plan_id, period, amount_paise)
);

-- ---- the customer -----------------------------------------------------------------------------------------------------

-- One row for each organization that has to do with money; whoever changes its billing locks it first.
create table billing_accounts (
  org_id uuid primary key,
  legal_name text check (length(legal_name) between 1 and 200),
  email text check (length(email) between 3 and 320),
  address_line_1 text check (length(address_line_1) between 1 and 200),
  address_line_2 text check (length(address_line_2) <= 200),
  city text check (length(city) between 1 and 100),
  postal_code text check (length(postal_code) between 1 and 20),
  -- GST code of the state ('27'), for India alone.
  state_code text check (state_code ~ '^\d\d$'),
  -- ISO 3166-1 alpha-2.
  country text not null default 'IN' check (country ~ '^[A-Z]{2}$'),
  gstin text check (gstin ~ '^\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9]$'),
  -- `reverse-charge`: the recipient pays the tax; `export`: without payment of tax, under a letter of undertaking.
  tax_treatment text not null default 'standard' check (tax_treatment in ('standard', 'reverse-charge', 'export')),
  -- A trial can be had once.
  trial_used_at timestamptz,
  -- The organization is being, or was, deleted: what comes in afterwards is paid back.
  closed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (tax_treatment <> 'export' or country <> 'IN'),
  check (gstin is null or country = 'IN' and state_code = left(gstin, 2))
);

-- What an organization may use, apart from how it is paid. Without a row, or later than `until`: the default plan.
create table entitlements (
  org_id uuid primary key references organizations on delete cascade,
  plan_id text not null references plans,
  seats integer not null check (seats >= 1),
  -- End of the paid period with its grace; null: until further notice.
  until timestamptz,
  -- Given by an operator, whatever is paid for.
  by_contract boolean not null default false,
  -- Limits by contract, over those of the plan: {"documents": 5000, "runs": null}.
  overrides jsonb not null default '{}' check (jsonb_typeof(overrides) = 'object'),
  updated_at timestamptz not null default now()
);
create index entitlements_plan on entitlements (plan_id);

-- What was used in a calendar month (UTC), and how much there is of what is kept ('stock'): counted in the transaction that
-- uses or changes it.
create table usage_meters (
  org_id uuid not null references organizations on delete cascade,
  feature text not null,
  -- '2026-11', or 'stock'
  month text not null check (month ~ '^\d{4}-\d\d$' or month = 'stock'),
  used bigint not null check (used >= 0),
  primary key (org_id, feature, month)
)
with (fillfactor = 50);

create table coupon_redemptions (
  org_id uuid not null references organizations on delete cascade,
  code text not null references coupons,
  order_id uuid not null,
  redeemed_at timestamptz not null default now(),
  primary key (org_id, code)
);
create index coupon_redemptions_code on coupon_redemptions (code);

-- ---- what is bought ---------------------------------------------------------------------------------------------------

create table subscriptions (
  id uuid primary key,
  org_id uuid not null,
  plan_id text not null,
  period text not null check (period in ('month', 'year')),
  seats integer not null check (seats >= 1),
  -- `incomplete`: nothing paid or authorized yet. `past_due`: a charge failed, in grace. `halted`: grace is over, it can
  -- still be paid. The last three are ends.
  status text not null
    check (status in ('incomplete', 'trialing', 'active', 'past_due', 'paused', 'halted', 'cancelled', 'completed', 'expired')),
  -- `mandate`: the gateway charges by itself; `order`: each period is ordered and paid; `none`: a trial.
  collection text not null check (collection in ('mandate', 'order', 'none')),
  -- What a period costs, without tax and before discounts, as agreed at the start or the last change.
  period_paise bigint not null check (period_paise >= 0),
  coupon_code text,
  trial_ends_at timestamptz,
  -- What is paid for; null before the first payment.
  current_period_start timestamptz,
  current_period_end timestamptz,
  -- Day of the month, in India, on which periods begin: in shorter months on their last one.
  billing_day smallint check (billing_day between 1 and 31),
  cancel_at_period_end boolean not null default false,
  -- At the end of the period: {"plan_id","period","seats"}.
  next_change jsonb,
  -- Until then a past-due subscription keeps what it entitles to.
  grace_until timestamptz,
  -- Reminders that were sent for the current debt.
  dunning_stage smallint not null default 0 check (dunning_stage >= 0),
  gateway_subscription_id text unique,
  -- Of a mandate that a newer one has replaced; its late news change nothing here.
  replaced_gateway_ids jsonb not null default '[]',
  gateway_status text,
  -- Of when the news is that gateway_status holds.
  gateway_status_at timestamptz,
  gateway_paid_count integer not null default 0 check (gateway_paid_count >= 0),
  -- When it was last known to be paused: what is due after that is due with the news that it goes on.
  gateway_paused_at timestamptz,
  -- Where a customer authorizes the mandate.
  gateway_short_url text,
  started_at timestamptz,
  ended_at timestamptz,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (current_period_end is null or current_period_end > current_period_start),
  check ((status in ('cancelled', 'completed', 'expired')) = (ended_at is not null))
);
create index subscriptions_list on subscriptions (org_id, id);
create unique index subscriptions_live on subscriptions (org_id) where ended_at is null;
create index subscriptions_due on subscriptions (current_period_end) where ended_at is null;

create table orders (
  id uuid primary key,
  org_id uuid not null,
  subscription_id uuid references subscriptions,
  -- `start` and `renewal` buy a period; `change` the difference until the end of the running one.
  kind text not null check (kind in ('start', 'renewal', 'change')),
  -- `checkout`: the customer pays it; `mandate`: the gateway charges it.
  collection text not null check (collection in ('checkout', 'mandate')),
  plan_id text not null,
  period text not null check (period in ('month', 'year')),
  seats integer not null check (seats >= 1),
  period_start timestamptz,
  period_end timestamptz,
  -- [{"description","quantity","unit_paise","net_paise"}], discounts and credits as lines below zero; their sum is net_paise.
  lines jsonb not null check (jsonb_typeof(lines) = 'array'),
  net_paise bigint not null check (net_paise >= 0),
  cgst_paise bigint not null check (cgst_paise >= 0),
  sgst_paise bigint not null check (sgst_paise >= 0),
  igst_paise bigint not null check (igst_paise >= 0),
  total_paise bigint not null,
  -- What of the total is paid by credit notes that were not paid back; the customer pays the rest.
  credit_paise bigint not null default 0 check (credit_paise >= 0),
  coupon_code text,
  -- Ours, for the gateway: at most 40 characters.
  receipt text not null unique check (length(receipt) <= 40),
  gateway_order_id text unique,
  -- Which charge of the mandate it is; 0 is the first.
  cycle integer check (cycle >= 0),
  status text not null default 'created' check (status in ('created', 'attempted', 'paid', 'cancelled', 'expired')),
  expires_at timestamptz,
  -- What was bought was given, once.
  fulfilled_at timestamptz,
  payment_id uuid,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (subscription_id, cycle),
  check (total_paise = net_paise + cgst_paise + sgst_paise + igst_paise),
  check (credit_paise <= total_paise),
  check (fulfilled_at is null or status = 'paid'),
  check (period_end is null or period_end > period_start)
);
create index orders_list on orders (org_id, id);
create index orders_open on orders (created_at) where status in ('created', 'attempted');

create table payments (
  id uuid primary key,
  org_id uuid not null,
  order_id uuid references orders,
  subscription_id uuid references subscriptions,
  gateway_payment_id text not null unique,
  gateway_order_id text,
  gateway_invoice_id text,
  status text not null
    check (status in ('created', 'failed', 'authorized', 'captured', 'partially_refunded', 'refunded')),
  amount_paise bigint not null check (amount_paise > 0),
  refunded_paise bigint not null default 0,
  -- Of the gateway, with the tax on it; null until it says so.
  fee_paise bigint check (fee_paise >= 0),
  fee_tax_paise bigint check (fee_tax_paise >= 0),
  method text,
  error_code text,
  error_description text,
  -- What it paid for: null while nothing; a second payment of one order is a surplus and is paid back.
  purpose text check (purpose in ('order', 'surplus')),
  captured_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null default now(),
  check (refunded_paise between 0 and amount_paise),
  check (fee_tax_paise <= fee_paise),
  -- One that was only authorized is given back, `refunded`, without ever having been captured.
  check (status not in ('captured', 'partially_refunded') or captured_at is not null),
  check ((status = 'refunded') = (refunded_paise = amount_paise)),
  check ((status = 'partially_refunded') = (refunded_paise > 0 and refunded_paise < amount_paise))
);
create index payments_list on payments (org_id, id);
create index payments_order on payments (order_id);
create index payments_subscription on payments (subscription_id);

create table refunds (
  id uuid primary key,
  org_id uuid not null,
  payment_id uuid not null references payments,
  -- Null until the gateway has taken it.
  gateway_refund_id text unique,
  amount_paise bigint not null check (amount_paise > 0),
  -- `requested`: to be asked of the gateway; its own states are the others.
  status text not null check (status in ('requested', 'pending', 'processed', 'failed')),
  -- `sale`: what was bought is taken back, with a credit note; `surplus`: it paid for nothing.
  purpose text not null check (purpose in ('sale', 'surplus')),
  reason text not null default '' check (length(reason) <= 500),
  requested_by uuid,
  processed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index refunds_list on refunds (org_id, id);
create index refunds_payment on refunds (payment_id);
create index refunds_open on refunds (created_at) where status in ('requested', 'pending');

create table disputes (
  id uuid primary key,
  org_id uuid not null,
  payment_id uuid not null references payments,
  gateway_dispute_id text not null unique,
  amount_paise bigint not null check (amount_paise > 0),
  -- What the gateway holds back meanwhile.
  deducted_paise bigint not null default 0 check (deducted_paise >= 0),
  status text not null check (status in ('open', 'under_review', 'action_required', 'closed', 'won', 'lost')),
  reason_code text,
  respond_by timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null default now()
);
create index disputes_list on disputes (org_id, id);
create index disputes_payment on disputes (payment_id);

-- ---- invoices ---------------------------------------------------------------------------------------------------------

-- The next number of each series; its row is locked until the commit of the invoice that takes it, so there are no gaps.
create table invoice_series (
  -- '2026-27': April to March, in India.
  financial_year text not null check (financial_year ~ '^\d{4}-\d\d$'),
  kind text not null check (kind in ('invoice', 'credit_note')),
  next_serial integer not null default 1 check (next_serial >= 1),
  -- Of the last number: no later one has an earlier date, whenever its transaction began.
  last_issued_at timestamptz,
  primary key (financial_year, kind)
);

create table invoices (
  id uuid primary key,
  org_id uuid not null,
  kind text not null check (kind in ('invoice', 'credit_note')),
  status text not null check (status in ('draft', 'final', 'void')),
  financial_year text,
  serial integer,
  -- 'RF/2627/000001', at most 16 characters (rule 46 of the CGST rules).
  number text unique check (number ~ '^[A-Z0-9/-]{1,16}$'),
  order_id uuid references orders,
  payment_id uuid references payments,
  -- The invoice that a credit note takes back, in part or wholly.
  credits_id uuid references invoices,
  refund_id uuid references refunds,
  issued_at timestamptz,
  -- As they were: {"name","gstin","address_lines","state_code","country","email"}.
  seller jsonb not null,
  buyer jsonb not null,
  place_of_supply text not null,
  tax_kind text not null check (tax_kind in ('intra-state', 'inter-state', 'export', 'reverse-charge', 'not-registered')),
  -- [{"description","sac","quantity","unit_paise","net_paise","rate_basis_points","cgst_paise","sgst_paise","igst_paise"}]
  lines jsonb not null check (jsonb_typeof(lines) = 'array'),
  net_paise bigint not null check (net_paise >= 0),
  cgst_paise bigint not null check (cgst_paise >= 0),
  sgst_paise bigint not null check (sgst_paise >= 0),
  igst_paise bigint not null check (igst_paise >= 0),
  total_paise bigint not null,
  reason text,
  -- Of the PDF, in the bucket of exports.
  pdf_key text,
  emailed_at timestamptz,
  created_at timestamptz not null default now(),
  unique (financial_year, kind, serial),
  check (total_paise = net_paise + cgst_paise + sgst_paise + igst_paise),
  check ((status = 'draft') = (number is null)),
  check ((number is null) = (serial is null) and (number is null) = (financial_year is null) and (number is null) = (issued_at is null)),
  check ((kind = 'credit_note') = (credits_id is not null)),
  check (kind = 'invoice' or status <> 'void')
);
create index invoices_list on invoices (org_id, id);
create unique index invoices_order on invoices (order_id) where kind = 'invoice';
create index invoices_order_all on invoices (order_id);
create index invoices_payment on invoices (payment_id);
create index invoices_credits on invoices (credits_id);
create unique index invoices_refund on invoices (refund_id);

-- What is issued is never edited: it can be stored, sent, and voided by its credit notes.
create function invoices_keep_issued() returns trigger language plpgsql set search_path = '' as $$
begin
  if old.status = 'draft' then return new; end if;
  if old.status = 'void' and new.status <> 'void' or new.status = 'draft'
    or (to_jsonb(new) - '{status,pdf_key,emailed_at}'::text[])
      is distinct from (to_jsonb(old) - '{status,pdf_key,emailed_at}'::text[]) then
    raise exception 'an issued invoice is not edited' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger keep_issued before update on invoices for each row execute function invoices_keep_issued();

-- ---- the ledger -------------------------------------------------------------------------------------------------------

create table ledger_accounts (
  code text primary key check (code ~ '^\d{4}$'),
  name text not null,
  kind text not null check (kind in ('asset', 'liability', 'equity', 'income', 'expense'))
);
insert into ledger_accounts (code, name, kind) values
  ('1000', 'Bank', 'asset'),
  ('1100', 'Gateway clearing: captured, not settled yet', 'asset'),
  ('1150', 'Held back for disputes', 'asset'),
  ('1300', 'GST input credit on gateway fees', 'asset'),
  ('1900', 'Parked differences', 'asset'),
  ('2000', 'Customer advances and credits', 'liability'),
  ('2110', 'CGST payable', 'liability'),
  ('2120', 'SGST payable', 'liability'),
  ('2130', 'IGST payable', 'liability'),
  ('2900', 'Parked receipts', 'liability'),
  ('4000', 'Subscriptions sold', 'income'),
  ('5000', 'Gateway fees', 'expense'),
  ('5100', 'Disputes lost', 'expense');

create table ledger_transactions (
  id uuid primary key,
  -- Null: of the company alone, such as a settlement.
  org_id uuid,
  -- What it books, once: 'payment:pay_29QQoUBi66xm2f'.
  source text not null unique check (length(source) between 3 and 200),
  kind text not null check (kind ~ '^[a-z-]{2,40}$'),
  description text not null check (length(description) between 1 and 500),
  occurred_at timestamptz not null,
  posted_at timestamptz not null default now()
);
create index ledger_transactions_list on ledger_transactions (org_id, occurred_at, id);

create table ledger_entries (
  transaction_id uuid not null references ledger_transactions,
  line smallint not null check (line >= 1),
  org_id uuid,
  account text not null references ledger_accounts,
  currency text not null default 'INR' check (currency = 'INR'),
  -- Debit above zero, credit below.
  amount_paise bigint not null check (amount_paise <> 0),
  primary key (transaction_id, line)
);
create index ledger_entries_account on ledger_entries (org_id, account);
create index ledger_entries_by_account on ledger_entries (account);

-- The sums of the entries, kept by the statement that writes them.
create table ledger_balances (
  org_id uuid,
  account text not null references ledger_accounts,
  currency text not null,
  balance_paise bigint not null,
  entries bigint not null,
  unique nulls not distinct (org_id, account, currency)
)
with (fillfactor = 50);
create index ledger_balances_account on ledger_balances (account);

-- A transaction is written by one statement with all of its entries: they balance in each currency, and since their lines
-- count from 1 no later statement can add another. The sums are kept here alone, with the rights of the schema's owner: the
-- application can't write them.
create function ledger_entries_written() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from written group by transaction_id, currency having sum(amount_paise) <> 0) then
    raise exception 'a ledger transaction must balance' using errcode = 'check_violation';
  end if;
  if exists (select from written group by transaction_id having count(*) < 2 or min(line) <> 1 or max(line) <> count(*)) then
    raise exception 'a ledger transaction is written at once, with lines from 1' using errcode = 'check_violation';
  end if;
  if exists (
    select from written w left join public.ledger_transactions t on t.id = w.transaction_id
    where t.id is null or t.org_id is distinct from w.org_id
  ) then
    raise exception 'an entry belongs where its transaction does' using errcode = 'check_violation';
  end if;
  -- Who books for an organization without its account's lock, or for the company, waits here and not in a circle.
  perform pg_advisory_xact_lock(hashtextextended('ledger ' || coalesce(org_id::text, 'company'), 0))
  from (select distinct org_id from written order by org_id) books;
  insert into public.ledger_balances as b (org_id, account, currency, balance_paise, entries)
  select org_id, account, currency, sum(amount_paise), count(*) from written
  group by org_id, account, currency
  order by org_id, account, currency
  on conflict (org_id, account, currency) do update
    set balance_paise = b.balance_paise + excluded.balance_paise, entries = b.entries + excluded.entries;
  return null;
end $$;
revoke all on function ledger_entries_written() from public;
create trigger written after insert on ledger_entries referencing new table as written
  for each statement execute function ledger_entries_written();

create function ledger_transactions_written() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if exists (
    select from written t where not exists (select from public.ledger_entries e where e.transaction_id = t.id)
  ) then
    raise exception 'a ledger transaction is written together with its entries' using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger written after insert on ledger_transactions referencing new table as written
  for each statement execute function ledger_transactions_written();

create function ledger_is_append_only() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'the ledger is append-only' using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on ledger_entries
  for each statement execute function ledger_is_append_only();
create trigger append_only before update or delete or truncate on ledger_transactions
  for each statement execute function ledger_is_append_only();

-- ---- the gateway ------------------------------------------------------------------------------------------------------

-- Every webhook that came with a good signature, once.
create table gateway_events (
  -- x-razorpay-event-id
  id text primary key check (length(id) between 1 and 200),
  -- Null: nobody's, as far as we know.
  org_id uuid,
  type text not null,
  -- When the gateway says it happened.
  occurred_at timestamptz not null,
  payload jsonb not null,
  -- `unmatched`: of something that we don't know (yet); `ignored`: of a kind that changes nothing here.
  status text not null check (status in ('received', 'applied', 'unmatched', 'ignored')),
  received_at timestamptz not null default now(),
  applied_at timestamptz
);
create index gateway_events_org on gateway_events (org_id);
create index gateway_events_unmatched on gateway_events (received_at) where status = 'unmatched';

create table settlements (
  gateway_settlement_id text primary key,
  amount_paise bigint not null,
  fees_paise bigint not null default 0,
  tax_paise bigint not null default 0,
  status text not null check (status in ('created', 'processed', 'failed')),
  utr text,
  settled_at timestamptz not null,
  created_at timestamptz not null default now()
);

-- What doesn't agree with the gateway and can't be repaired without guessing.
create table billing_differences (
  id uuid primary key,
  org_id uuid,
  -- 'payment-unknown', 'amount-differs', 'refund-unknown', …
  kind text not null check (kind ~ '^[a-z-]{2,60}$'),
  -- Of the gateway's object or ours.
  subject text not null,
  expected jsonb,
  found jsonb,
  amount_paise bigint,
  status text not null default 'open' check (status in ('open', 'resolved')),
  resolution text check (length(resolution) <= 1000),
  -- Who looked into it; null where it went away by itself.
  resolved_by uuid,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  resolved_at timestamptz,
  unique (kind, subject)
);
create index billing_differences_org on billing_differences (org_id);

-- What held when the books were last looked through.
create table billing_checks (
  id uuid primary key,
  checked_at timestamptz not null,
  invariant text not null,
  holds boolean not null,
  -- A few of those that break it.
  violations jsonb not null default '[]'
);
create index billing_checks_list on billing_checks (checked_at desc, invariant);

-- ---- who sees and changes what ----------------------------------------------------------------------------------------

-- Which organization something of the gateway's belongs to: all that a webhook, who is nobody, may ask.
create function billing_org_of(gateway_id text) returns uuid language plpgsql set search_path = '' as $$
declare
  -- Set by hand: who is no superuser can't say so in the function's head.
  before text := coalesce(current_setting('app.system', true), '');
  owner uuid;
begin
  perform set_config('app.system', 'on', true);
  select org_id into owner from (
    select org_id from public.orders where gateway_order_id = gateway_id
    union all
    select org_id from public.payments where gateway_payment_id = gateway_id
    union all
    select org_id from public.subscriptions
      where gateway_subscription_id = gateway_id or replaced_gateway_ids ? gateway_id
    union all
    select org_id from public.refunds where gateway_refund_id = gateway_id
  ) known
  limit 1;
  perform set_config('app.system', before, true);
  return owner;
end $$;
create index subscriptions_replaced on subscriptions using gin (replaced_gateway_ids);

do $$
declare t text;
begin
  foreach t in array array['billing_accounts', 'entitlements', 'usage_meters', 'coupon_redemptions', 'subscriptions', 'orders',
    'payments', 'refunds', 'disputes', 'invoices'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (org_id = app_org_id()) with check (org_id = app_org_id())', t);
    execute format('create policy upkeep on %I for select using (app_is_system())', t);
  end loop;
  foreach t in array array['ledger_transactions', 'ledger_entries', 'ledger_balances'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (org_id = app_org_id()) with check (org_id = app_org_id())', t);
    execute format('create policy upkeep on %I for select using (app_is_system())', t);
    execute format('create policy company on %I using (org_id is null and app_is_system())
      with check (org_id is null and app_is_system())', t);
  end loop;
  foreach t in array array['gateway_events', 'billing_differences'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy visible on %I for select using (org_id = app_org_id() or app_is_system())', t);
    execute format('create policy changed on %I for update using (org_id = app_org_id() or app_is_system())
      with check (org_id = app_org_id() or app_is_system())', t);
    execute format('create policy noted on %I for insert
      with check (org_id = app_org_id() or org_id is null or app_is_system())', t);
  end loop;
  -- Of the installation: read by everyone, changed by operators and schedules.
  foreach t in array array['coupons', 'settlements', 'billing_checks'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy operators on %I using (app_is_system()) with check (app_is_system())', t);
  end loop;
end $$;
create policy readable on coupons for select using (app_org_id() is not null);
create policy redeemed on coupons for update using (app_org_id() is not null) with check (app_org_id() is not null);

grant select on plans, plan_prices, plan_limits, ledger_accounts to adapt_app;
grant select, insert on gateway_plans, ledger_entries to adapt_app;
grant select, insert (id, org_id, source, kind, description, occurred_at) on ledger_transactions to adapt_app;
grant select on ledger_balances to adapt_app;
grant select, insert, update (redeemed) on coupons to adapt_app;
grant select, insert, update on billing_accounts, subscriptions, orders, payments, refunds, disputes,
  invoices, invoice_series, gateway_events, settlements, billing_differences to adapt_app;
grant select, insert, update, delete on entitlements, usage_meters, coupon_redemptions, billing_checks to adapt_app;
