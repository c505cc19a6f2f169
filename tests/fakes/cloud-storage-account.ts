import { createSign, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface FakeAccount {
  /** Where the metadata server and IAM are, without a scheme. */
  host: string
  /** How often IAM was asked to sign. */
  signatures: number
  close(): Promise<void>
}

/**
 * A service account as a function on Cloud Run has it: a metadata server that gives tokens ("About VM metadata"), and
 * IAM, which signs with the account's key, never handing it out (IAM Credentials API, `signBlob`).
 */
export async function startAccount(options: {
  email: string
  accessToken: string
  privateKey: KeyObject
}): Promise<FakeAccount> {
  const { email, accessToken, privateKey } = options
  const metadata: Record<string, string> = {
    '/computeMetadata/v1/instance': '{}',
    '/computeMetadata/v1/universe/universe-domain': 'googleapis.com',
    '/computeMetadata/v1/instance/service-accounts/default/email': email,
    '/computeMetadata/v1/instance/service-accounts/default/token': JSON.stringify({
      access_token: accessToken,
      expires_in: 3600,
      token_type: 'Bearer',
    }),
  }
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://fake')
    if (request.headers['metadata-flavor'] === 'Google') {
      const found = metadata[pathname.replace(/\/$/, '')]
      response.writeHead(found === undefined ? 404 : 200, {
        'metadata-flavor': 'Google',
        'content-type': found?.startsWith('{') ? 'application/json' : 'application/text',
      })
      return void response.end(found)
    }
    const isAllowed = request.headers.authorization === `Bearer ${accessToken}`
    if (request.method !== 'POST' || decodeURIComponent(pathname) !== `/iam/${email}:signBlob` || !isAllowed) {
      const error = {
        code: 403,
        message: "Permission 'iam.serviceAccounts.signBlob' denied",
        status: 'PERMISSION_DENIED',
      }
      return void response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
    }
    const { payload } = JSON.parse(await text(request)) as { payload: string }
    account.signatures++
    const signedBlob = createSign('RSA-SHA256').update(Buffer.from(payload, 'base64')).sign(privateKey, 'base64')
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keyId: '1', signedBlob }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const account: FakeAccount = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    signatures: 0,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return account
}
