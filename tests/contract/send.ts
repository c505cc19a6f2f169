import type { Route } from '#shared/runtime/declarations.ts'
import type { RouteExample } from '#shared/runtime/examples.ts'
import { type Answer, type CallOptions, call } from '../setup/product.ts'
import type { World } from './world.ts'

/** The path of a route with these parameters, and its query. */
export function targetOf(route: Route, { params = {}, query = {} }: Pick<RouteExample, 'params' | 'query'>): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(params[key] ?? ''))
  const search = new URLSearchParams(query).toString()
  return search ? `${path}?${search}` : path
}

/** Sends an example as whoever it is of: its own token, else the owner, or the operator where only they may. */
export function sendExample(
  world: World,
  route: Route,
  example: RouteExample,
  options: CallOptions = {},
): Promise<Answer> {
  const usual = world.tokens[route.access === 'operator' ? 'operator' : 'owner']
  return call(world.product.url, route.method, targetOf(route, example), {
    ...(example.body === undefined ? {} : { body: example.body }),
    ...(example.rawBody === undefined ? {} : { rawBody: example.rawBody }),
    ...(route.access === 'public' ? {} : { token: example.token ?? usual }),
    ...options,
    headers: { ...example.headers, ...options.headers },
  })
}
