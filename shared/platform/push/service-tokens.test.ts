import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openKeyRing } from '../identity/keys.ts'
import { createServiceTokenIssuer, createServiceTokenVerifier, type ServiceTokenIssuer } from './service-tokens.ts'

const issuerUrl = 'http://127.0.0.1:8080/cloud'
const email = 'pusher@raptorflow.local'
const target = 'http://127.0.0.1:8080/functions/documents-extract-text'
const start = 1_800_000_000
const clock = { seconds: start }
const now = () => new Date(clock.seconds * 1000)

let keyFolder: string
let issuer: ServiceTokenIssuer
const open = () => createServiceTokenIssuer({ keyFolder, issuer: issuerUrl, email, now })
const verifier = (emails = [email]) => createServiceTokenVerifier({ issuer: issuerUrl, jwks: issuer.jwks, emails, now })

beforeAll(async () => {
  keyFolder = await mkdtemp(join(tmpdir(), 'service-tokens-'))
  issuer = await open()
})
afterAll(() => rm(keyFolder, { recursive: true }))
afterEach(() => {
  clock.seconds = start
})

describe('a service token', () => {
  it("has the header and claims of Google's", async () => {
    const token = await issuer.sign(target)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', typ: 'JWT', kid: issuer.jwks().keys[0]?.kid })
    expect(decodeJwt(token)).toEqual({
      iss: issuerUrl,
      aud: target,
      sub: expect.stringMatching(/^\d{21}$/),
      azp: expect.stringMatching(/^\d{21}$/),
      email,
      email_verified: true,
      iat: start,
      exp: start + 3600,
    })
  })

  it('is made once for an audience and used until 5 minutes before it expires', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issuer.sign('http://127.0.0.1:8080/one')))
    expect(new Set(tokens).size).toBe(1)
    clock.seconds = start + 3299
    expect(await issuer.sign('http://127.0.0.1:8080/one')).toBe(tokens[0])
    clock.seconds = start + 3300
    const renewed = await issuer.sign('http://127.0.0.1:8080/one')
    expect(decodeJwt(renewed).exp).toBe(start + 3300 + 3600)
  })

  it('is accepted by the function it is for', async () => {
    expect(await verifier().verify(await issuer.sign(target), target)).toMatchObject({ email })
  })

  it('is refused by every other function', async () => {
    const token = await issuer.sign(target)
    for (const audience of [`${target}/`, target.slice(0, -1), 'http://127.0.0.1:8080/functions/other', '']) {
      await expect(verifier().verify(token, audience)).rejects.toMatchObject({ code: 'WRONG_AUDIENCE' })
    }
  })

  it('is refused when its account is not one of those that may call', async () => {
    const token = await issuer.sign(target)
    for (const emails of [[], ['other@raptorflow.local'], [email.toUpperCase()], [`${email}.example`]]) {
      await expect(verifier(emails).verify(token, target)).rejects.toMatchObject({ code: 'WRONG_ACCOUNT' })
    }
  })

  it('is refused when the address is missing or not verified', async () => {
    const ring = await openKeyRing({
      folder: keyFolder,
      name: 'service-tokens',
      algorithm: 'RS256',
      retainSeconds: 1,
      now,
    })
    const { kid, key } = ring.current()
    const sign = (claims: Record<string, unknown>) =>
      new SignJWT({ iss: issuerUrl, aud: target, sub: '1', exp: start + 60, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid })
        .sign(key)
    await verifier().verify(await sign({ email, email_verified: true }), target)
    for (const claims of [
      {},
      { email },
      { email, email_verified: 'true' },
      { email, email_verified: false },
      { email: [email], email_verified: true },
    ]) {
      await expect(verifier().verify(await sign(claims), target)).rejects.toMatchObject({ code: 'WRONG_ACCOUNT' })
    }
  })

  it("is accepted under both spellings of Google's issuer, and under nothing that looks like them", async () => {
    const issuers = ['https://accounts.google.com', 'accounts.google.com']
    const lookalikes = ['http://accounts.google.com', 'https://accounts.google.com/', 'accounts.google.com.example', '']
    const tokensOf = async (name: string) => {
      const google = await createServiceTokenIssuer({ keyFolder, issuer: name, email, now })
      return { token: await google.sign(target), jwks: google.jwks }
    }
    for (const expected of issuers) {
      for (const name of [...issuers, ...lookalikes]) {
        const { token, jwks } = await tokensOf(name)
        const verify = createServiceTokenVerifier({ issuer: expected, jwks, emails: [email], now }).verify(
          token,
          target,
        )
        if (issuers.includes(name)) expect(await verify).toMatchObject({ iss: name, email })
        else await expect(verify).rejects.toMatchObject({ code: 'WRONG_ISSUER' })
      }
      const { token } = await tokensOf(expected)
      await expect(verifier().verify(token, target)).rejects.toMatchObject({ code: 'WRONG_ISSUER' })
    }
  })

  it('is refused when it has expired, comes from elsewhere or is signed otherwise', async () => {
    const token = await issuer.sign(target)
    const elsewhere = createServiceTokenVerifier({
      issuer: 'https://accounts.google.com',
      jwks: issuer.jwks,
      emails: [email],
      now,
    })
    await expect(elsewhere.verify(token, target)).rejects.toMatchObject({ code: 'WRONG_ISSUER' })
    clock.seconds = start + 3605
    await expect(verifier().verify(token, target)).rejects.toMatchObject({ code: 'EXPIRED' })
    clock.seconds = start

    const { privateKey } = await generateKeyPair('ES256')
    const elliptic = await new SignJWT({ email, email_verified: true })
      .setProtectedHeader({ alg: 'ES256', kid: issuer.jwks().keys[0]!.kid! })
      .sign(privateKey)
    await expect(verifier().verify(elliptic, target)).rejects.toMatchObject({ code: 'ALGORITHM_NOT_ALLOWED' })
  })

  it('stays valid over a restart and over a rotation, after which the next key signs', async () => {
    const before = await issuer.sign(target)
    const restarted = await open()
    const check = createServiceTokenVerifier({ issuer: issuerUrl, jwks: restarted.jwks, emails: [email], now })
    await check.verify(before, target)
    await restarted.rotate()
    const after = await restarted.sign(target)
    expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid)
    await check.verify(after, target)
    clock.seconds += 61
    await check.verify(before, target)
  })

  it('is verified by the keys at a URL as well', async () => {
    const server: Server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(issuer.jwks()))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`
    const remote = createServiceTokenVerifier({ issuer: issuerUrl, jwksUrl, emails: [email], now })
    const fresh = await createServiceTokenIssuer({ keyFolder, issuer: issuerUrl, email, now })
    issuer = fresh
    expect(await remote.verify(await fresh.sign(target), target)).toMatchObject({ email })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})
