import { randomUUID } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'
import { decodeJwt } from 'jose'
import postgres from 'postgres'
import decodeQR from 'qr/decode.js'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startTestIssuer, type TestIssuer } from './testing.ts'
import { decodeBase32, stepAt, totpCode } from './totp.ts'

const password = 'correct horse battery'
let provider: TestIssuer

beforeAll(async () => {
  provider = await startTestIssuer(inject('clusterUrl'))
})
afterAll(() => provider.stop())

/** The real client library, as an application makes it. */
function makeClient() {
  return createClient(provider.url, 'publishable-key', { auth: { persistSession: false, autoRefreshToken: false } })
    .auth
}
type Client = ReturnType<typeof makeClient>

async function signUp() {
  const client = makeClient()
  const email = `${randomUUID()}@example.org`
  const { data, error } = await client.signUp({ email, password })
  if (error) throw error
  return { client, email, session: data.session! }
}

async function enrol(client: Client, friendlyName = 'phone') {
  const { data, error } = await client.mfa.enroll({ factorType: 'totp', friendlyName, issuer: 'Tests' })
  if (error) throw error
  return data
}

/** What an authenticator app shows, some steps from now. */
const codeOf = (secret: string, steps = 0) =>
  totpCode(decodeBase32(secret), stepAt(new Date(provider.clock.seconds * 1000)) + steps)

const show = (client: Client, factorId: string, code: string) => client.mfa.challengeAndVerify({ factorId, code })

/** Someone whose session has shown a second factor. */
async function withFactor() {
  const { client, email } = await signUp()
  const { id, totp } = await enrol(client)
  const { data, error } = await show(client, id, codeOf(totp.secret))
  if (error) throw error
  return { client, email, factorId: id, secret: totp.secret, session: data }
}

/** Lets a few steps pass, so that there are codes that were not used yet. */
function passSteps(steps: number) {
  provider.clock.seconds += 30 * steps
}

/** Reads a QR code off an SVG, by painting the unit squares that its path is made of. */
function scan(svg: string): string {
  const size = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1])
  const scale = 4
  const width = size * scale
  const data = new Uint8Array(width * width * 4)
  if (!svg.includes('<rect width="100%" height="100%" fill="#fff"/>')) throw new Error('nothing is white')
  data.fill(255)
  let [x, y] = [0, 0]
  for (const [, move, right, down] of svg.matchAll(/([Mm])(-?\d+) ?(-?\d+)h1v1/g)) {
    ;[x, y] = move === 'M' ? [Number(right), Number(down)] : [x + Number(right), y + Number(down)]
    for (let row = y * scale; row < (y + 1) * scale; row++) {
      for (let column = x * scale; column < (x + 1) * scale; column++) {
        data.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3)
      }
    }
  }
  return decodeQR({ width, height: width, data })
}

describe('setting up a factor', () => {
  it('answers with a QR code that scans as the very key URI', async () => {
    const { client, email } = await signUp()
    const { totp, ...rest } = await enrol(client)
    expect(rest).toMatchObject({ type: 'totp', friendly_name: 'phone', id: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect(totp.secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(totp.uri).toBe(
      `otpauth://totp/Tests:${encodeURIComponent(email)}?algorithm=SHA1&digits=6&period=30&issuer=Tests&secret=${totp.secret}`,
    )
    expect(scan(totp.qr_code)).toBe(totp.uri)
  })

  it('keeps the secret where a copy of the database does not show it, and works after a restart', async () => {
    const { client } = await signUp()
    const { id, totp } = await enrol(client)
    const sql = postgres(provider.databaseUrl, { max: 1 })
    const [row] = await sql`select * from identity.factors where id = ${id}`
    // Also one moved to another factor is of no use there.
    const other = await enrol((await signUp()).client)
    await sql`update identity.factors set sealed_secret = ${row!.sealed_secret} where id = ${other.id}`
    await sql.end()
    const kept = JSON.stringify(row)
    expect(kept).not.toContain(totp.secret)
    expect(Buffer.from(row!.sealed_secret, 'base64url').includes(decodeBase32(totp.secret))).toBe(false)
    await provider.restart()
    expect((await show(client, id, codeOf(totp.secret))).error).toBeNull()
  })

  it('counts for nothing before a code was shown: the password alone still makes the strongest session', async () => {
    const { client, session } = await signUp()
    await enrol(client)
    const level = await client.mfa.getAuthenticatorAssuranceLevel()
    expect(level.data).toMatchObject({ currentLevel: 'aal1', nextLevel: 'aal1' })
    expect((await client.getUser(session.access_token)).data.user?.factors).toMatchObject([{ status: 'unverified' }])
  })

  it('is refused under a name that is taken, from the eleventh on, and for other kinds', async () => {
    const { client } = await signUp()
    await enrol(client, 'factor 0')
    const again = await client.mfa.enroll({ factorType: 'totp', friendlyName: 'factor 0' })
    expect(again.error?.code).toBe('mfa_factor_name_conflict')
    for (let number = 1; number < 10; number++) await enrol(client, `factor ${number}`)
    const eleventh = await client.mfa.enroll({ factorType: 'totp', friendlyName: 'factor 10' })
    expect(eleventh.error?.code).toBe('too_many_enrolled_mfa_factors')
    const phone = await client.mfa.enroll({ factorType: 'phone', phone: '+491700000000' })
    expect(phone.error?.code).toBe('mfa_phone_enroll_not_enabled')
    // Those that nobody verified give way after a quarter of an hour.
    provider.clock.seconds += 901
    await enrol(client, 'factor 0')
    expect((await client.mfa.listFactors()).data?.all).toHaveLength(1)
  })
})

describe('showing a factor', () => {
  it('makes the session aal2 with a token that says how and when, and so it stays when refreshed', async () => {
    const { session, client } = await withFactor()
    const claims = decodeJwt(session.access_token)
    expect(claims).toMatchObject({
      aal: 'aal2',
      amr: [
        { method: 'totp', timestamp: provider.clock.seconds },
        { method: 'password', timestamp: provider.clock.seconds },
      ],
    })
    provider.clock.seconds += 600
    const refreshed = await makeClient().refreshSession({ refresh_token: session.refresh_token })
    expect(decodeJwt(refreshed.data.session!.access_token)).toMatchObject({
      aal: 'aal2',
      amr: claims.amr,
      session_id: claims.session_id,
    })
    expect((await client.mfa.getAuthenticatorAssuranceLevel()).data).toMatchObject({
      currentLevel: 'aal2',
      nextLevel: 'aal2',
    })
  })

  it('replaces the refresh token: one taken before is soon taken for stolen', async () => {
    const { client, session } = await signUp()
    const { id, totp } = await enrol(client)
    await show(client, id, codeOf(totp.secret))
    provider.clock.seconds += 11
    const { error } = await makeClient().refreshSession({ refresh_token: session.refresh_token })
    expect(error?.code).toBe('refresh_token_already_used')
  })

  it("ends the account's sessions that have shown none, and drops what was set up but never verified", async () => {
    const { client, email } = await signUp()
    const bystander = await signUp()
    const weaker = (await makeClient().signInWithPassword({ email, password })).data.session!
    const [factor, forgotten] = [await enrol(client), await enrol(client, 'forgotten')]
    await show(client, factor.id, codeOf(factor.totp.secret))
    expect((await makeClient().refreshSession({ refresh_token: weaker.refresh_token })).error).not.toBeNull()
    expect((await makeClient().getUser(weaker.access_token)).error?.name).toBe('AuthSessionMissingError')
    expect((await client.mfa.listFactors()).data?.all.map(({ id }) => id)).toEqual([factor.id])
    expect((await show(client, forgotten.id, codeOf(forgotten.totp.secret))).error?.code).toBe('mfa_factor_not_found')
    expect((await bystander.client.getUser()).error).toBeNull()
  })

  it('leaves sessions that have shown one alone', async () => {
    const { email, factorId, secret, client } = await withFactor()
    const second = makeClient()
    await second.signInWithPassword({ email, password })
    passSteps(1)
    expect((await show(second, factorId, codeOf(secret))).error).toBeNull()
    expect((await client.getUser()).error).toBeNull()
  })

  it('takes a code once, also from another session, and never an earlier one afterwards', async () => {
    const { client, factorId, secret, email } = await withFactor()
    const refused = async (one: Client, code: string) => (await show(one, factorId, code)).error?.code
    const used = codeOf(secret)
    const thief = makeClient()
    await thief.signInWithPassword({ email, password })
    expect(await refused(thief, used)).toBe('mfa_verification_failed')
    expect(await refused(client, used)).toBe('mfa_verification_failed')
    expect(await refused(client, codeOf(secret, 1))).toBeUndefined()
    // Within the window, but of a step before the last one used.
    expect(await refused(client, used)).toBe('mfa_verification_failed')
    passSteps(2)
    expect(await refused(client, codeOf(secret))).toBeUndefined()
  })

  it('lets exactly one of many uses of a code at the same moment through', async () => {
    const { factorId, secret, email } = await withFactor()
    passSteps(1)
    const clients = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const client = makeClient()
        await client.signInWithPassword({ email, password })
        return client
      }),
    )
    const code = codeOf(secret)
    const results = await Promise.all(clients.map((client) => show(client, factorId, code)))
    expect(results.filter(({ error }) => error === null)).toHaveLength(1)
  })

  it('takes codes of the step before and the step after, and no others', async () => {
    const { client, factorId, secret } = await withFactor()
    passSteps(10)
    for (const [steps, code] of [
      [-2, 'mfa_verification_failed'],
      [2, 'mfa_verification_failed'],
      [-1, undefined],
      [1, undefined],
    ] as const) {
      expect((await show(client, factorId, codeOf(secret, steps))).error?.code).toBe(code)
    }
  })

  it('is refused after five wrong codes within 15 minutes, even with the right one, and works again later', async () => {
    const { client, factorId, secret } = await withFactor()
    passSteps(1)
    const right = codeOf(secret)
    const wrong = right === '000000' ? '000001' : '000000'
    const guesses = await Promise.all(Array.from({ length: 8 }, () => show(client, factorId, wrong)))
    const codes = guesses.map(({ error }) => error?.code)
    expect(codes.filter((code) => code === 'mfa_verification_failed')).toHaveLength(5)
    expect(codes.filter((code) => code === 'over_request_rate_limit')).toHaveLength(3)
    expect((await show(client, factorId, right)).error?.status).toBe(429)
    provider.clock.seconds += 900
    expect((await show(client, factorId, codeOf(secret))).error).toBeNull()
  })

  it('takes a challenge once, only with its own factor, and for five minutes', async () => {
    const { client, factorId, secret } = await withFactor()
    const other = await enrol(client, 'tablet')
    passSteps(1)
    const challenge = async (id: string) => (await client.mfa.challenge({ factorId: id })).data!
    const verify = async (id: string, challengeId: string, code: string) =>
      (await client.mfa.verify({ factorId: id, challengeId, code })).error?.code
    const [own, foreign] = [await challenge(factorId), await challenge(other.id)]
    expect(own.expires_at).toBe(provider.clock.seconds + 300)
    expect(await verify(factorId, foreign.id, codeOf(secret))).toBe('mfa_factor_not_found')
    expect(await verify(factorId, randomUUID(), codeOf(secret))).toBe('mfa_factor_not_found')
    expect(await verify(factorId, 'none', codeOf(secret))).toBe('mfa_factor_not_found')
    expect(await verify(factorId, own.id, codeOf(secret))).toBeUndefined()
    expect(await verify(factorId, own.id, codeOf(secret, 1))).toBe('mfa_factor_not_found')
    const old = await challenge(factorId)
    provider.clock.seconds += 300
    expect(await verify(factorId, old.id, codeOf(secret))).toBe('mfa_challenge_expired')
  })

  it('is impossible for another account, which is not told that the factor exists', async () => {
    const { factorId, secret } = await withFactor()
    const { client: stranger } = await signUp()
    passSteps(1)
    for (const id of [factorId, randomUUID()]) {
      expect((await stranger.mfa.challenge({ factorId: id })).error).toMatchObject({
        status: 404,
        code: 'mfa_factor_not_found',
      })
      expect((await stranger.mfa.unenroll({ factorId: id })).error?.code).toBe('mfa_factor_not_found')
      const stolen = { factorId: id, challengeId: randomUUID(), code: codeOf(secret) }
      expect((await stranger.mfa.verify(stolen)).error?.code).toBe('mfa_factor_not_found')
    }
  })
})

describe('removing a factor', () => {
  it('takes aal2, and lowers the sessions that it had raised and no others', async () => {
    const { client, factorId, session, email } = await withFactor()
    const weak = makeClient()
    await weak.signInWithPassword({ email, password })
    expect((await weak.mfa.unenroll({ factorId })).error?.code).toBe('insufficient_aal')
    expect((await weak.mfa.enroll({ factorType: 'totp', friendlyName: 'thief' })).error?.code).toBe('insufficient_aal')

    const spare = await enrol(client, 'tablet')
    const raisedBySpare = (await show(client, spare.id, codeOf(spare.totp.secret))).data!
    expect((await client.mfa.unenroll({ factorId })).error).toBeNull()
    const kept = await makeClient().refreshSession({ refresh_token: raisedBySpare.refresh_token })
    expect(decodeJwt(kept.data.session!.access_token).aal).toBe('aal2')

    expect((await client.mfa.unenroll({ factorId: spare.id })).error).toBeNull()
    const lowered = await makeClient().refreshSession({ refresh_token: kept.data.session!.refresh_token })
    expect(decodeJwt(lowered.data.session!.access_token)).toMatchObject({
      aal: 'aal1',
      amr: [{ method: 'password' }],
      session_id: decodeJwt(session.access_token).session_id,
    })
  })

  it('needs no second factor while it was never verified', async () => {
    const { client } = await signUp()
    const { id } = await enrol(client)
    expect((await client.mfa.unenroll({ factorId: id })).data).toEqual({ id })
    expect((await client.mfa.listFactors()).data?.all).toEqual([])
  })
})
