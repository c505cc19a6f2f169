import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import postgres from 'postgres'
import { newId } from '#shared/domain/ids.ts'

/**
 * What a server does at the very least for the two routes that are measured: checks the token, runs the statement,
 * answers JSON. No organization is looked up (the caller says it), no wall, no limit, no log, no validation.
 */
export function bareListener(environment: Record<string, string | undefined>): RequestListener {
  const issuer = `${environment.SUPABASE_URL}/auth/v1`
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`))
  const url = new URL(environment.BARE_DATABASE_URL ?? '')
  const folder = url.searchParams.get('host')
  url.searchParams.delete('host')
  const sql = postgres(url.href, {
    ...(folder === null ? {} : { path: `${folder}/.s.PGSQL.${url.port}` }),
    max: Number(environment.DATABASE_POOL_SIZE ?? 10),
    fetch_types: false,
    types: {
      date: {
        to: 1184,
        from: [1184],
        serialize: (value: Date | string) => new Date(value).toISOString(),
        parse: (value: string) => new Date(value).toISOString(),
      },
    },
  })
  const columns = ['id', 'workspace_id', 'name', 'description', 'created_by', 'created_at', 'updated_at']

  async function list({ headers }: IncomingMessage) {
    const rows = await sql`
      select ${sql(columns)} from projects
      where org_id = ${String(headers['x-org-id'])} and workspace_id = ${String(headers['x-workspace-id'])}
        and id < 'ffffffff-ffff-ffff-ffff-ffffffffffff'
      order by id desc limit 21`
    return { data: rows.slice(0, 20), meta: { next_cursor: null, has_more: rows.length > 20 } }
  }

  async function create(request: IncomingMessage) {
    let text = ''
    for await (const chunk of request) text += chunk
    const { name, description } = JSON.parse(text)
    const [project] = await sql`
      insert into projects (id, org_id, workspace_id, name, description, created_by)
      values (${newId()}, ${String(request.headers['x-org-id'])}, ${String(request.headers['x-workspace-id'])},
        ${name}, ${description}, ${String(request.headers['x-user-id'])})
      on conflict (workspace_id, name) do nothing
      returning ${sql(columns)}`
    return project
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = (request.headers.authorization ?? '').slice('Bearer '.length)
    await jwtVerify(token, keys, { issuer, audience: 'authenticated' })
    const isWrite = request.method === 'POST'
    const body = Buffer.from(JSON.stringify(await (isWrite ? create(request) : list(request))))
    response.writeHead(isWrite ? 201 : 200, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  }

  return (request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  }
}

// As a process of its own: says its port and serves.
if (process.argv[1] === import.meta.filename) {
  const server = createServer(bareListener(process.env))
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.({ url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` })
  })
}
