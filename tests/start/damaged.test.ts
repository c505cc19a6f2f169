import { appendFile, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { openAsOwner } from '../faults/invariants.ts'
import { newDataFolder, pressCtrlC, startReady, startRefused } from './products.ts'

describe('a start on damaged data says what is wrong and what to do, and changes nothing', { timeout: 60_000 }, () => {
  let dataFolder: string

  beforeEach(async () => {
    dataFolder = await newDataFolder()
  })

  const made = async () => {
    const { product } = await startReady({ dataFolder })
    await pressCtrlC(product, dataFolder)
  }

  const expectRefusal = async (message: RegExp) => {
    const refused = await startRefused({ dataFolder })
    expect(refused).toMatchObject({ code: 1, signal: null })
    expect(refused.output).toMatch(message)
    expect(refused.output).not.toContain('    at ')
  }

  test('a cluster that lost its control file, its password or a secret, one after the other', async () => {
    await made()
    const control = join(dataFolder, 'postgres', 'global', 'pg_control')
    const access = join(dataFolder, 'postgres-access.json')
    const secret = join(dataFolder, 'keys', 'signing.secret')

    await rename(control, `${control}.kept`)
    await expectRefusal(/Cannot start: \S+postgres is not a whole PostgreSQL cluster.*restore it from a backup/)
    await rename(`${control}.kept`, control)

    await rename(access, `${access}.kept`)
    await expectRefusal(/Cannot start: \S+postgres-access\.json is missing.*Restore it/)
    await rename(`${access}.kept`, access)

    const kept = await readFile(secret)
    await truncate(secret)
    await expectRefusal(/Cannot start: \S+signing\.secret does not hold a secret\. Restore it, or remove it/)
    await writeFile(secret, kept)

    const { client } = await startReady({ dataFolder })
    expect(await client.list('/v1/projects')).toEqual([])
  })

  test('the data of a newer release', async () => {
    const { product } = await startReady({ dataFolder })
    const adapt = await openAsOwner(dataFolder, 'adapt')
    await adapt`insert into schema_migrations (version, name, checksum) values (9999, 'future', '')`
    await adapt.end()
    await pressCtrlC(product, dataFolder)
    await expectRefusal(/Cannot start: The database was made by a newer release.*start that release/)
  })

  test('a file where the data folder should be', async () => {
    await writeFile(dataFolder, 'precious')
    await expectRefusal(/Cannot start: \S+data is a file where a folder is needed\. Move it away\./)
    expect(await readFile(dataFolder, 'utf8')).toBe('precious')
  })

  test('a folder that holds something of somebody else is not taken for data', async () => {
    await made()
    const cluster = join(dataFolder, 'postgres')
    await rm(cluster, { recursive: true })
    await appendFile(cluster, 'precious')
    await expectRefusal(/Cannot start: .*postgres/)
    expect(await readFile(cluster, 'utf8')).toBe('precious')
    expect(await readdir(dataFolder)).toContain('keys')
  })
})
