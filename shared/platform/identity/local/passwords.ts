import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** Work factors of scrypt (RFC 7914): memory is 128 × `cost` × `blockSize` bytes. */
export interface PasswordCost {
  cost: number
  blockSize: number
  parallelization: number
}

/** 32 MB and about 0.2 s of one core; one of the settings OWASP's password storage sheet names as equally strong. */
export const defaultPasswordCost: PasswordCost = { cost: 2 ** 15, blockSize: 8, parallelization: 3 }

const saltBytes = 16
const hashBytes = 32
const maximumMemoryBytes = 256 * 1024 * 1024

export interface Passwords {
  /** Salted hash with its work factors, in PHC string form. */
  hash(password: string): Promise<string>
  /**
   * Compares in constant time. For an account without a password (null) the same work is done, so that the time taken
   * doesn't tell which addresses have accounts.
   */
  verify(password: string, stored: string | null): Promise<boolean>
  /** Whether the hash was made with other work factors than today's. */
  isOutdated(stored: string): boolean
}

export function createPasswords(factors: PasswordCost = defaultPasswordCost): Passwords {
  async function hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes)
    return format(factors, salt, await derive(password, salt, factors))
  }

  // No password has this hash; finding that out takes as long as with any other.
  const decoy = format(factors, randomBytes(saltBytes), randomBytes(hashBytes))

  return {
    hash,
    async verify(password, stored) {
      const parsed = parse(stored ?? decoy)
      if (!parsed) throw new Error('a stored password hash is damaged')
      const derived = await derive(password, parsed.salt, parsed.factors)
      return timingSafeEqual(derived, parsed.hash) && stored !== null
    },
    isOutdated(stored) {
      const used = parse(stored)?.factors
      return (
        used?.cost !== factors.cost ||
        used.blockSize !== factors.blockSize ||
        used.parallelization !== factors.parallelization
      )
    },
  }
}

function derive(password: string, salt: Buffer, { cost, blockSize, parallelization }: PasswordCost): Promise<Buffer> {
  const options: ScryptOptions = { cost, blockSize, parallelization, maxmem: maximumMemoryBytes }
  return new Promise((resolve, reject) => {
    // The same characters can reach us composed or decomposed, depending on the keyboard: NIST SP 800-63B 5.1.1.2.
    scrypt(password.normalize('NFKC'), salt, hashBytes, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

function format({ cost, blockSize, parallelization }: PasswordCost, salt: Buffer, hash: Buffer): string {
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  return `$scrypt$ln=${Math.log2(cost)},r=${blockSize},p=${parallelization}$${text(salt)}$${text(hash)}`
}

function parse(stored: string): { factors: PasswordCost; salt: Buffer; hash: Buffer } | null {
  const [, scheme, settings = '', salt = '', hash = ''] = stored.split('$')
  const [ln, r, p] = settings.split(',').map((setting) => Number(setting.slice(setting.indexOf('=') + 1)))
  const bytes = Buffer.from(hash, 'base64')
  if (scheme !== 'scrypt' || !ln || !r || !p || bytes.length !== hashBytes) return null
  return {
    factors: { cost: 2 ** ln, blockSize: r, parallelization: p },
    salt: Buffer.from(salt, 'base64'),
    hash: bytes,
  }
}
