import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createCloudStorageObjects } from '#shared/platform/objects/gcp.ts'
import type { CallLimits } from '#shared/platform/objects/gcp-calls.ts'
import { buckets } from '#shared/platform/objects/index.ts'
import { startCloudStorage } from './cloud-storage.ts'

export const uploadOrigin = 'https://console.example'
const account = 'functions@test-project.iam.gserviceaccount.com'
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const credentials = {
  client_email: account,
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
}

/** Writes the key of the account that may sign at the fake, for GOOGLE_APPLICATION_CREDENTIALS; returns the file. */
export async function writeTestCredentials(folder: string): Promise<string> {
  const file = join(folder, 'service-account.json')
  await writeFile(file, JSON.stringify({ type: 'service_account', project_id: 'test-project', ...credentials }))
  return file
}

/** The fake with the buckets of the environment `test`, open to pages of one origin. */
export const startTestStorage = () =>
  startCloudStorage({
    buckets: buckets.map((bucket) => `raptorflow-test-${bucket}`),
    keys: new Map([[account, publicKey]]),
    cors: {
      origins: [uploadOrigin],
      headers: ['content-type', 'x-goog-if-generation-match', 'x-goog-content-length-range'],
    },
  })

/** The driver over a fake, impatient unless told otherwise. */
export function openTestStore(url: string, limits: Partial<CallLimits> = {}) {
  return createCloudStorageObjects({
    projectId: 'test-project',
    environment: 'test',
    client: { apiEndpoint: url, credentials },
    limits: { backoffMilliseconds: 1, requestSeconds: 10, idleSeconds: 10, ...limits },
  })
}
