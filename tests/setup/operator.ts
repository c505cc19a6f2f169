import { setOperator } from '#shared/domain/tenancy/operators.ts'
import { asOwner } from '../../scripts/owner-database.ts'
import { call, type TestProduct } from './product.ts'

/** Signs up someone who runs the installation, and returns their access token. */
export async function signUpOperator(product: TestProduct): Promise<string> {
  const email = `${crypto.randomUUID()}@operators.example`
  const token = await product.signUp(email)
  // Their row is made when they are first seen.
  await call(product.url, 'GET', '/v1/users/me', { token })
  await asOwner(product.database.ownerUrl, (sql) => setOperator(sql, email, true))
  return token
}
