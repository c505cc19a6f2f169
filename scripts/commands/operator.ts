import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { AppError } from '#shared/domain/errors.ts'
import { listOperators, setOperator } from '#shared/domain/tenancy/operators.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import { asOwner, findOwnerUrl } from '../owner-database.ts'

export const summary = 'Say who runs this installation: operators may change feature flags'
export const usage = `operator grant|revoke EMAIL
                    operator list

Works on the database itself, as the owner of its schema: DATABASE_OWNER_URL, else the product that runs on this machine
(DATA_FOLDER, else .data). EMAIL has signed in before. Exits with 1 when that fails.`

export async function run(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} })
  const [action, email, ...rest] = positionals
  const isWellFormed =
    rest.length === 0 &&
    (action === 'list' ? email === undefined : (action === 'grant' || action === 'revoke') && email !== undefined)
  if (!isWellFormed) {
    console.error(`Usage: npm run adapt -- ${usage}`)
    return 2
  }
  if (existsSync('.env')) process.loadEnvFile('.env')
  try {
    const url = findOwnerUrl(process.env)
    if (email === undefined) await list(url)
    else await change(url, email, action === 'grant')
    return 0
  } catch (error) {
    if (!(error instanceof AppError) && !(error instanceof PlatformError)) throw error
    console.error(error.message)
    return 1
  }
}

async function change(url: string, email: string, isOperator: boolean): Promise<void> {
  const changed = await asOwner(url, (sql) => setOperator(sql, email, isOperator))
  const now = isOperator ? 'an operator' : 'no operator'
  console.log(changed ? `${email} is ${now} now.` : `${email} was ${now} before; nothing changed.`)
}

async function list(url: string): Promise<void> {
  const operators = await asOwner(url, listOperators)
  if (operators.length === 0) console.log('There are no operators.')
  for (const { email, since } of operators) console.log(`${email}  since ${new Date(since).toISOString()}`)
}
