import { createHmac, timingSafeEqual } from 'node:crypto'

/** Which use of which session a refresh token stands for. */
export interface RefreshClaim {
  sessionId: string
  /** How often the session had been refreshed when this token was issued. */
  counter: number
}

const uuidBytes = 16
const bodyBytes = uuidBytes + 4
const tokenBytes = bodyBytes + 32

/**
 * Refresh tokens that say which session and which refresh they belong to, signed with a key that is not in the
 * database: neither a copy of the database nor a guess makes one, and the token that is valid now can be told again
 * to a client that lost it in a race.
 */
export function createRefreshTokens(key: Buffer) {
  const sign = (body: Buffer) => createHmac('sha256', key).update('refresh-token v1\0').update(body).digest()
  return {
    issue({ sessionId, counter }: RefreshClaim): string {
      const body = Buffer.alloc(bodyBytes)
      Buffer.from(sessionId.replaceAll('-', ''), 'hex').copy(body)
      body.writeUInt32BE(counter, uuidBytes)
      return Buffer.concat([body, sign(body)]).toString('base64url')
    },
    /** What the token stands for, or null when it is not one of ours. */
    open(token: string): RefreshClaim | null {
      const bytes = Buffer.from(token, 'base64url')
      // Decoding is lenient; a token has exactly one spelling.
      if (bytes.length !== tokenBytes || bytes.toString('base64url') !== token) return null
      const body = bytes.subarray(0, bodyBytes)
      if (!timingSafeEqual(sign(body), bytes.subarray(bodyBytes))) return null
      const hex = body.toString('hex', 0, uuidBytes)
      const sessionId = [8, 12, 16, 20, 32].map((end, part) => hex.slice([0, 8, 12, 16, 20][part], end)).join('-')
      return { sessionId, counter: body.readUInt32BE(uuidBytes) }
    },
  }
}

export type RefreshTokens = ReturnType<typeof createRefreshTokens>
