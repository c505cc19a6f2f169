import { readFile, writeFile } from 'node:fs/promises'
import { describeSchema } from '#shared/database/describe-schema.ts'
import { migrate } from '#shared/database/migrate.ts'
import { startTestCluster } from '#shared/platform/database/test-cluster.ts'

// Writes shared/database/schema.sql from the migrations; with --check says whether it is up to date.
const path = new URL('../shared/database/schema.sql', import.meta.url)
const cluster = await startTestCluster()
try {
  await migrate(cluster.url, 'unused')
  const text = await describeSchema(cluster.url)
  if (!process.argv.includes('--check')) {
    await writeFile(path, text)
    console.log('schema.sql: written')
  } else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    console.error('shared/database/schema.sql is stale: run `npm run schema`')
    process.exitCode = 1
  }
} finally {
  await cluster.stop()
}
