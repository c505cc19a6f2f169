import { expect } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { type Answer, type CallOptions, call, type TestProduct } from './product.ts'

/** Someone who has signed up. */
export interface Person {
  token: string
  email: string
  id: string
}

/** What people do over HTTP, for tests that tell a story of several of them. */
export function peopleOf(product: TestProduct) {
  const request = (person: Person, method: string, path: string, options: CallOptions = {}): Promise<Answer> =>
    call(product.url, method, path, { token: person.token, ...options })

  /** A call that must succeed; returns the body. */
  async function done(person: Person, method: string, path: string, body?: unknown, headers = {}) {
    const answer = await request(person, method, path, { ...(body === undefined ? {} : { body }), headers })
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300)
    return answer.body
  }

  async function refused(person: Person, code: string, method: string, path: string, body?: unknown, headers = {}) {
    const answer = await request(person, method, path, { ...(body === undefined ? {} : { body }), headers })
    expect(answer.body.error?.code, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBe(code)
    return answer.body.error as { message: string; details: { field: string }[] }
  }

  async function signUp(email = `${newId()}@example.org`): Promise<Person> {
    const token = await product.signUp(email)
    const { body } = await call(product.url, 'GET', '/v1/users/me', { token })
    return { token, email, id: body.id }
  }

  async function newOrganization(name = 'Example'): Promise<{ person: Person; orgId: string; workspaceId: string }> {
    const person = await signUp()
    const { id: orgId } = await done(person, 'POST', '/v1/organizations', { name })
    const workspaces = await done(person, 'GET', '/v1/workspaces')
    return { person, orgId, workspaceId: workspaces.data[0].id }
  }

  /** Invites, signs up and accepts. */
  async function join(inviter: Person, role: string): Promise<Person> {
    const email = `${newId()}@example.org`
    const { token } = await done(inviter, 'POST', '/v1/invitations', { email, role })
    const person = await signUp(email)
    await done(person, 'POST', '/v1/invitations/accept', { token })
    return person
  }

  return { request, done, refused, signUp, newOrganization, join }
}
