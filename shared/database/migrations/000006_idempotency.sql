-- Requests with an Idempotency-Key: executed once, answered again from here. Like processed_messages it belongs to the
-- runtime, not to an organization. Neither keys nor answers can be read from it: keys are hashed, answers are sealed
-- under a key that is derived from the caller's Idempotency-Key too.

create table idempotent_requests (
  -- Of the principal and the key.
  key_sha256 bytea primary key,
  -- Of everything else that says what is asked.
  request_sha256 bytea not null,
  -- Who executes it, until when: a holder that crashed loses it to the next.
  claim uuid not null,
  claimed_until timestamptz not null,
  -- Null until it has been executed.
  response bytea,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
) with (fillfactor = 80);
create index idempotent_requests_expiry on idempotent_requests (expires_at);

grant select, insert, update, delete on idempotent_requests to adapt_app;

-- Writes the answer in the transaction of the effect, which fails when the claim was lost: whoever has it now executes.
create function complete_idempotent_request(key bytea, holder uuid, answer bytea) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update public.idempotent_requests set response = answer
  where key_sha256 = key and claim = holder and response is null;
  if not found then
    raise exception 'the claim of this request was lost' using errcode = 'RF409';
  end if;
end $$;
revoke all on function complete_idempotent_request(bytea, uuid, bytea) from public;
grant execute on function complete_idempotent_request(bytea, uuid, bytea) to adapt_app;
