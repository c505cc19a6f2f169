import { expect, test } from 'vitest'
import { defineRoute } from '#shared/runtime/declarations.ts'
import type { FunctionHandler } from '#shared/runtime/function-handler.ts'
import { Router } from './router.ts'

function found(name: string, method: 'GET' | 'POST', path: string) {
  const declaration = defineRoute({
    method,
    path,
    access: 'public',
    summary: name,
    responses: { 204: null },
    handler: async () => ({}),
  })
  return { name, folder: name.replace('-', '/'), declaration }
}

const functions = [
  found('projects-list', 'GET', '/v1/projects'),
  found('projects-create', 'POST', '/v1/projects'),
  found('projects-read', 'GET', '/v1/projects/{project_id}'),
  found('projects-special', 'GET', '/v1/projects/special'),
  found('projects-deep', 'GET', '/v1/projects/{project_id}/deep'),
]
const handlers = new Map<string, FunctionHandler>(functions.map(({ name }) => [name, async () => {}]))
const router = new Router(functions, ({ name }) => handlers.get(name)!)

test.each([
  ['GET', '/v1/projects', 'projects-list'],
  ['HEAD', '/v1/projects', 'projects-list'],
  ['POST', '/v1/projects', 'projects-create'],
  ['GET', '/v1/projects/42', 'projects-read'],
  ['GET', '/v1/projects/special', 'projects-special'],
  ['GET', '/v1/projects/special/deep', 'projects-deep'],
])('%s %s is served by %s', (method, path, name) => {
  expect(router.find(method, path)).toBe(handlers.get(name))
})

test('an unknown path is served by nothing', () => {
  expect(router.find('GET', '/v1/nothing')).toBeNull()
  expect(router.find('GET', '/v1/projects/42/deeper')).toBeNull()
  expect(router.find('GET', '/v1')).toBeNull()
})

test('a known path under another method is served by a function that can say 405', () => {
  expect(router.find('DELETE', '/v1/projects/42')).toBe(handlers.get('projects-read'))
})

test('two functions cannot serve the same method and path', () => {
  expect(() => new Router([...functions, found('x-y', 'GET', '/v1/projects')], () => async () => {})).toThrow(
    'two functions serve GET /v1/projects',
  )
})
