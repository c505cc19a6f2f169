import { AppError } from '../errors.ts'
import type { SpendAuthority } from '../models/types.ts'
import type { Sql } from '../sql.ts'
import type { BudgetDefaults } from './money.ts'
import { monthOf } from './months.ts'
import { openMonth, type Reservation, tryReserve } from './reserve.ts'
import { bookEndings, type Ending } from './settle.ts'

export interface SpendAuthorityOptions extends BudgetDefaults {
  /** A short transaction of its own in the scope of the calls' organization, e.g. `context.commit`. */
  commit<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  now(): Date
}

const nothing = { input: 0, cachedInput: 0, output: 0, thinking: 0 }

/** Tries of a reservation whose connection was lost; done twice it is one. Whoever settles or releases tries on their own. */
const tries = 3

/** Lets model calls be made only while the budgets of their workspace, run and agent can pay for the worst case. */
export function createSpendAuthority({ commit, now, ...defaults }: SpendAuthorityOptions): SpendAuthority {
  const book = async (ending: Ending) => {
    await commit((sql) => bookEndings(sql, [ending], now(), defaults))
  }

  return {
    async reserve(reservation) {
      assertAmount(reservation)
      const at = now()
      // Once for the month's row, once for a twin of this call; each is a moment of its own.
      for (let turn = 0; turn < 4; turn++) {
        const answer = await insist(() => commit((sql) => tryReserve(sql, reservation, at, defaults)))
        if (answer === 'granted') return
        if (typeof answer === 'object') throw answer.refused
        if (answer === 'no-month') {
          await insist(() => commit((sql) => openMonth(sql, reservation.origin.workspaceId, monthOf(at))))
        }
      }
      throw new AppError('UNAVAILABLE', 'The budget could not be asked')
    },

    settle(id, { costMicrodollars, ...result }) {
      return book({ id, state: 'settled', costMicrodollars, failure: null, ...result })
    },

    release(id, { code, message, milliseconds }) {
      const failure = { code, message: message.slice(0, 500) }
      const known = { usage: nothing, estimated: false, artifactKey: null }
      return book({ id, state: 'released', costMicrodollars: 0, ...known, milliseconds, finish: 'failed', failure })
    },
  }
}

/** @throws RangeError: what is not a whole number of microdollars was computed wrongly, and would pass as too little */
function assertAmount({ worstCaseMicrodollars }: Reservation): void {
  if (Number.isSafeInteger(worstCaseMicrodollars) && worstCaseMicrodollars >= 0) return
  throw new RangeError(`${worstCaseMicrodollars} is no whole number of microdollars`)
}

/** Does it again when the database failed: what it did before, if anything, is found done. */
async function insist<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let left = tries - 1; ; left--) {
    try {
      return await work()
    } catch (error) {
      if (error instanceof AppError || left === 0) throw error
    }
  }
}
