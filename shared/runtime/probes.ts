import { HealthMonitor, type Probes } from '#shared/domain/health/health.ts'
import { nobody } from '#shared/platform/database/index.ts'
import type { Services } from './services.ts'

const monitors = new WeakMap<Services, HealthMonitor>()

/** The one that watches over these services. */
export function monitorOf(services: Services): HealthMonitor {
  const known = monitors.get(services)
  if (known) return known
  const monitor = new HealthMonitor(probesOf(services), () => services.modelStates())
  monitors.set(services, monitor)
  return monitor
}

/** The smallest question to each dependency whose answer shows that it works. */
function probesOf(services: Services): Probes {
  const { database, queue, bus, state, objects, scanner } = services
  return {
    async database() {
      await database.transaction(nobody, (sql) => sql`select`)
    },
    queue: queue && (() => queue.check()),
    bus: bus && (() => bus.check()),
    state:
      state &&
      (async () => {
        await state.read('health')
      }),
    async objects() {
      const found = await objects.read('uploads', 'health/absent')
      found?.body.destroy()
    },
    identity_keys: () => checkIdentityKeys(services),
    async scanner() {
      await scanner.scan(new TextEncoder().encode('health'))
    },
    async models() {
      for (const [alias, states] of Object.entries(services.modelStates())) {
        const isAnyClosed = Object.values(states).some((state) => state === 'closed')
        if (!isAnyClosed) throw new Error(`no model of the alias ${alias} answers`)
      }
    },
    async config() {
      const problem = services.configProblem?.()
      if (problem) throw new Error(problem)
    },
  }
}

const unknownKeyToken = [{ alg: 'ES256', kid: 'health', typ: 'JWT' }, { sub: 'health' }, 'health']
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.')

/** A token of an unknown key is refused by looking into the issuer's keys, which are fetched for it now and then. */
async function checkIdentityKeys(services: Services): Promise<void> {
  try {
    await services.verifyAccessToken(unknownKeyToken)
  } catch (error) {
    if ((error as { code?: string }).code !== 'UNKNOWN_KEY') throw error
  }
}
