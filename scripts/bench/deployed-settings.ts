import { newId } from '#shared/domain/ids.ts'

/**
 * Settings of a function as it is deployed in production, without where its database and issuer are. Of Google Cloud
 * nothing is there: no credentials are found, so that no client goes looking for its service, and requests are counted
 * by the instance alone.
 */
export function deployedSettings(publicUrl: string): Record<string, string> {
  const account = 'pusher@bench.iam.gserviceaccount.com'
  return {
    NODE_ENV: 'production',
    // Elsewhere each answer is checked against its declaration.
    APP_ENV: 'production',
    SUPABASE_ANON_KEY: 'local',
    PUBLIC_URL: publicUrl,
    FUNCTIONS_URL: publicUrl,
    TRUSTED_PROXY_HOPS: '1',
    PUSH_SERVICE_ACCOUNTS: account,
    TASKS_SERVICE_ACCOUNT: account,
    SIGNING_SECRET: newId(),
    GOOGLE_CLOUD_PROJECT: 'bench',
    GOOGLE_CLOUD_LOCATION: 'asia-south1',
    GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/service-account.json',
    METADATA_SERVER_DETECTION: 'none',
  }
}
