import { describe, expect, it } from 'vitest'
import { describeSecretStore } from './contract.ts'
import { createEnvironmentSecrets, environmentVariableOf } from './environment.ts'

describeSecretStore('environment', async (secrets) => {
  const values: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(secrets)) values[environmentVariableOf(name)] = value
  return {
    store: createEnvironmentSecrets(values),
    async replace(name, value) {
      values[environmentVariableOf(name)] = value
    },
  }
})

describe('environment secrets', () => {
  it('look a name up as an upper-snake variable, however it is written', async () => {
    const store = createEnvironmentSecrets({ RAZORPAY_KEY_SECRET: 'k' })
    for (const name of ['razorpay-key-secret', 'razorpay_key_secret', 'RAZORPAY_KEY_SECRET']) {
      expect(await store.read(name)).toBe('k')
    }
  })

  it('take an empty variable for a secret that is not set, and name the variable to set', async () => {
    await expect(createEnvironmentSecrets({ RAZORPAY_KEY_SECRET: '' }).read('razorpay-key-secret')).rejects.toThrow(
      'RAZORPAY_KEY_SECRET',
    )
  })
})
