import { parseApiKey } from '#shared/domain/api-keys/key.ts'
import { type LoadedKey, loadKey } from '#shared/domain/api-keys/load.ts'
import { AppError, notFound } from '#shared/domain/errors.ts'
import { type Permission, permissionNames } from '#shared/domain/tenancy/permissions.ts'
import type { Wanted } from '#shared/domain/tenancy/principal.ts'
import { system } from '#shared/platform/database/index.ts'
import type { Charge, Demand } from './authenticate.ts'
import { Believed } from './believed.ts'
import type { Machine } from './declarations.ts'
import { LastUse } from './last-use.ts'
import type { Services } from './services.ts'

type Needs = Pick<Services, 'database' | 'now'> & { config: Pick<Services['config'], 'DEFAULT_PLAN'> }

/** Turns API keys into principals. */
export class KeyAuthenticator {
  /** When keys were used last; whoever owns a batch of writes flushes it. */
  readonly lastUse = new LastUse()
  readonly #services: Needs
  /** By hash. */
  readonly #believed: Believed<LoadedKey>

  constructor(services: Needs) {
    this.#services = services
    this.#believed = new Believed(() => services.now())
  }

  /**
   * A text that is no key is refused without a look into the database: that, and the time it saves, tells only what
   * anyone can compute.
   * @param text what the caller shows as their key
   * @param charge called as soon as it is known that there is such a key
   * @throws AppError UNAUTHENTICATED, in the same words whatever is wrong; PERMISSION_DENIED or NOT_FOUND
   */
  async authenticate(text: string, demand: Demand, wanted: Wanted, charge?: Charge): Promise<Machine> {
    const fingerprint = parseApiKey(text)
    if (!fingerprint) throw refusal()
    const known = this.#believed.recall(fingerprint.sha256)
    const key = known ?? (await this.#load(fingerprint.sha256))
    const decided = attempt(() => this.#admit(key, demand, wanted))
    if (key) await charge?.(key.id, decided.principal, key.requestsPerMinute)
    if (decided.principal) return decided.principal
    // The refusal may rest on what was true seconds ago: look again.
    if (known) return this.#admit(await this.#load(fingerprint.sha256), demand, wanted)
    throw decided.refusal
  }

  #admit(key: LoadedKey | null, demand: Demand, wanted: Wanted): Machine {
    const now = this.#services.now()
    if (!key || key.deleting || (key.expiresAt !== null && key.expiresAt <= now)) throw refusal()
    this.lastUse.note(key.id, now)
    return decide(key, demand, wanted)
  }

  #load(sha256: string): Promise<LoadedKey | null> {
    const { database, config } = this.#services
    return this.#believed.look(sha256, () =>
      database.transaction(system, (sql) => loadKey(sql, sha256, config.DEFAULT_PLAN), { readOnly: true }),
    )
  }
}

/** Whom a decision admits, or why it refuses them. */
export function attempt<Principal>(
  decision: () => Principal,
): { principal: Principal } | { principal: null; refusal: unknown } {
  try {
    return { principal: decision() }
  } catch (refusal) {
    return { principal: null, refusal }
  }
}

/** One sentence for all: who holds no key isn't told whether there is or was one. */
function refusal(): AppError {
  return new AppError('UNAUTHENTICATED', 'The API key is not valid')
}

function decide(key: LoadedKey, demand: Demand, wanted: Wanted): Machine {
  const { access } = demand
  if (!isPermission(access) || demand.caller === 'person') {
    throw new AppError('PERMISSION_DENIED', 'API keys cannot be used for this; it takes a person who has signed in')
  }
  if (wanted.orgId !== null && wanted.orgId !== key.orgId) throw notFound('Organization')
  if (wanted.workspaceId !== null && !key.workspaces.includes(wanted.workspaceId)) throw notFound('Workspace')
  if (!key.permissions.has(access)) {
    throw new AppError('PERMISSION_DENIED', `This API key lacks the scope ${access}`)
  }
  return {
    userId: null,
    keyId: key.id,
    email: null,
    orgId: key.orgId,
    workspaceId: wanted.workspaceId ?? key.workspaces[0] ?? null,
    boundWorkspaceId: key.boundWorkspaceId,
    role: null,
    permissions: key.permissions,
  }
}

function isPermission(access: string): access is Permission {
  return (permissionNames as string[]).includes(access)
}
