import { createServer, type Server } from 'node:http'
import { type CryptoKey, decodeJwt, SignJWT } from 'jose'
import { noteDifference } from '#shared/domain/billing/differences.ts'
import { createSpendAuthority } from '#shared/domain/costs/authority.ts'
import { startProcessing } from '#shared/domain/documents/documents.ts'
import { createExport } from '#shared/domain/exports/exports.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Envelope } from '#shared/domain/messaging.ts'
import type { Role } from '#shared/domain/tenancy/permissions.ts'
import { nobody, type Scope, system } from '#shared/platform/database/index.ts'
import type { Declaration, JobFunction } from '#shared/runtime/declarations.ts'
import type { ExampleWorld, MakeJobExample, MakeRouteExample } from '#shared/runtime/examples.ts'
import { createDispatcher, type FunctionHandler } from '#shared/runtime/function-handler.ts'
import { createCustomer, issueInvoiceOf } from '../setup/billing-invoices.ts'
import { signUpOperator } from '../setup/operator.ts'
import { call, startTestProduct, type TestProduct, testPassword, uploadDocument } from '../setup/product.ts'
import { createPayments } from './payments.ts'
import { createPeople } from './people.ts'
import { createRuns } from './runs.ts'
import { createSubscriptions } from './subscriptions.ts'
import { createTurns } from './turns.ts'
import { createWritings } from './writings.ts'

/** A report with something of everything in it. */
const report = `Threat report

The actor APT29 used Cobalt Strike and exploited CVE-2021-44228 (T1190) against hosts.
Lazarus Group used Mimikatz and exploited CVE-2017-0144 (T1210) elsewhere.
The implant was delivered by spearphishing attachment and calls hxxp://c2.evil-domain[.]top/gate.php,
resolved to 185.220.101[.]45. Its SHA-256 is
44d88612fea8a8f36de82e1278abb02f3c2a1f0e5b8d7c6a9f01e2d3c4b5a697.
`

/** The one origin of browsers that may call this product. */
export const allowedOrigin = 'https://console.example'

const steps = ['validate', 'scan', 'extract-text', 'extract-intelligence', 'index', 'notify'] as const
type Step = (typeof steps)[number]

export interface World extends ExampleWorld {
  product: TestProduct
  /** Tokens of one person in each role of the organization, and of the owner of another one. */
  tokens: Record<Role, string> & { stranger: string; operator: string }
  strangerOrgId: string
  /** Posts to a function as its sender does; what it sends on stays in the outbox. */
  deliver(name: string, declaration: Declaration, push: Push): Promise<{ status: number; outcome: string | null }>
  envelope(payload: unknown): Envelope
  stop(): Promise<void>
}

export interface Push {
  /** Null: none; absent: the right one. */
  token?: string | null
  body: unknown
  /** 1 for the first. */
  attempt?: number
  /** An event that comes through a queue, sent again to this function alone. */
  asTask?: true
  /** Cron only. */
  scheduledAt?: Date
}

/** A product with one organization in it that has something of everything. */
export async function createWorld(clusterUrl: string): Promise<World> {
  const product = await startTestProduct(clusterUrl, { CORS_ORIGINS: allowedOrigin })
  // Nothing is delivered and no clock strikes: what changes was changed by the test.
  await product.cloud.stop()
  product.gateway?.behave({ mode: 'lost' })
  const world = await addOrganization(product)
  return {
    ...world,
    async stop() {
      await world.stop()
      await product.stop()
    },
  }
}

/** Another such organization, of other people, in a product that runs; `stop` leaves the product alone. */
export async function addOrganization(product: TestProduct): Promise<World> {
  // The pipeline stands still in this world: each function is called by hand.
  const services = { ...product.services, bus: null, queue: null }
  const post = async (token: string, path: string, body?: unknown) => {
    const answer = await call(product.url, 'POST', path, { token, body })
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const email = `${newId()}@example.org`
  const owner = await product.signUp(email)
  const organization = await post(owner, '/v1/organizations', { name: 'Example' })
  const orgId: string = organization.id
  const scope: Scope = { ...nobody, orgId, workspaceId: 'any' }
  const workspaceId: string = (await call(product.url, 'GET', '/v1/workspaces', { token: owner })).body.data[0].id
  const ownerId: string = (await call(product.url, 'GET', '/v1/users/me', { token: owner })).body.id
  const tokens: World['tokens'] = {
    owner,
    admin: '',
    editor: '',
    viewer: '',
    stranger: await product.signUp(),
    operator: await signUpOperator(product),
  }
  for (const role of ['admin', 'editor', 'viewer'] as const) {
    tokens[role] = await join(role)
  }
  const strangerOrgId: string = (await post(tokens.stranger, '/v1/organizations', { name: 'Strangers' })).id

  /** Invitations come with a later issue; until then a membership is made where they will make it. */
  async function join(role: Role): Promise<string> {
    const token = await product.signUp()
    const userId: string = (await call(product.url, 'GET', '/v1/users/me', { token })).body.id
    await services.database.transaction(scope, async (sql) => {
      await sql`insert into memberships (org_id, user_id, role) values (${orgId}, ${userId}, ${role})`
      await sql`insert into workspace_members (org_id, workspace_id, user_id, role)
        values (${orgId}, ${workspaceId}, ${userId}, 'member')`
    })
    return token
  }

  const { server, serve } = await startPushServer()
  const toHandler = createDispatcher(services)

  const deliver: World['deliver'] = async (name, declaration, push) => {
    const pushUrl = serve(toHandler(name, declaration))
    const token =
      push.token === undefined ? await product.signPush(`${services.config.FUNCTIONS_URL}/${name}`) : push.token
    const response = await fetch(pushUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...senderHeaders(declaration, push),
      },
      body: senderBody(declaration, push),
    })
    const body = (await response.json()) as { outcome?: string }
    return { status: response.status, outcome: body.outcome ?? null }
  }

  const envelope = (payload: unknown): Envelope => ({
    id: newId(),
    event_type: 'test',
    org_id: orgId,
    workspace_id: workspaceId,
    actor_id: ownerId,
    correlation_id: newId(),
    traceparent: null,
    payload,
    timestamp: new Date().toISOString(),
  })

  const uploadedDocument = () =>
    uploadDocument(product.url, owner, { fileName: 'report.txt', content: `${report}\n${newId()}\n` })

  async function documentAt(step: Step): Promise<{ document_id: string; job_id: string }> {
    const documentId = await uploadedDocument()
    const document = await services.database.transaction({ ...scope, userId: ownerId }, (sql) =>
      startProcessing(sql, { documentId, orgId, startedBy: ownerId, from: ['awaiting_upload'] }),
    )
    const payload = { document_id: documentId, job_id: document.job_id ?? '' }
    for (const before of steps.slice(0, steps.indexOf(step))) {
      const name = `documents-${before}`
      const found = product.functions.find((one) => one.name === name)!
      const { outcome } = await deliver(name, found.declaration, { body: envelope(payload) })
      if (outcome !== 'done') throw new Error(`${name}: ${outcome}`)
    }
    return payload
  }

  const pendingExport = async () => {
    const row = await services.database.transaction({ ...scope, userId: ownerId }, (sql) =>
      createExport(sql, {
        orgId,
        workspaceId,
        createdBy: ownerId,
        format: 'csv',
        filter: { document_id: null, maximum_tlp: 'RED', include_suppressed: true },
      }),
    )
    return { export_id: row.id, job_id: row.job_id ?? '' }
  }
  const newBlocklist = async () => (await post(owner, '/v1/blocklists', { name: 'Blocklist' })).blocklist.id
  const newDeadLetter = async (consumer = 'notifications-document-finished') => {
    const { name, declaration } = product.functions.find((one) => one.name === consumer)!
    const poison = envelope({ poison: true })
    await deliver(name, declaration, { body: poison })
    const [letter] = await services.database.transaction(
      scope,
      (sql) => sql<{ id: string }[]>`select id from dead_letters where message_id = ${poison.id}`,
    )
    return letter!.id
  }
  const newApiKey: World['newApiKey'] = async (scopes = ['intelligence:read']) => {
    const { api_key, key } = await post(owner, '/v1/api-keys', { name: newId(), scopes })
    return { id: api_key.id, key }
  }
  const newModelCall: World['newModelCall'] = async () => {
    const [id, agent] = [newId(), 'cognition']
    const authority = createSpendAuthority({
      commit: (work) => services.database.transaction(scope, work),
      now: () => new Date(),
      defaultBudgetMicrodollars: 25_000_000,
      defaultPlanId: 'enterprise',
    })
    const origin = {
      orgId,
      workspaceId,
      runId: null,
      step: null,
      playbook: 'investigate-indicator',
      agent,
      userId: ownerId,
    }
    const call = { id, origin, model: 'local:rules-1', alias: 'fast', task: 'summarize' } as const
    await authority.reserve({ ...call, worstCaseMicrodollars: 2_000 })
    await authority.settle(id, {
      costMicrodollars: 1_500,
      usage: { input: 1_000, cachedInput: 0, output: 100, thinking: 0 },
      estimated: false,
      milliseconds: 12,
      finish: 'stop',
      artifactKey: null,
    })
    return { id, agent }
  }
  const newFlag = async () => {
    const key = `FEATURE_${newId().replaceAll('-', '').toUpperCase()}`
    await post(tokens.operator, '/v1/operator/flags', { key })
    const change = { token: tokens.operator, body: { description: 'Changed once' } }
    await call(product.url, 'PATCH', `/v1/operator/flags/${key}`, change)
    return key
  }
  const newBillingDifference = async () => {
    const subject = newId()
    await services.database.transaction(scope, (sql) =>
      noteDifference(sql, { orgId, kind: 'amount-differs', subject, expected: 100, found: 90 }),
    )
    const [difference] = await services.database.transaction(
      scope,
      (sql) => sql<{ id: string }[]>`select id from billing_differences where subject = ${subject}`,
    )
    return difference!.id
  }
  const newOrganization = async () => {
    const name = `Organization ${newId()}`
    const { id } = await post(owner, '/v1/organizations', { name })
    await services.database.transaction({ ...system, orgId: id }, async (sql) => {
      for (const role of ['admin', 'editor', 'viewer'] as const) {
        const { sub } = decodeJwt(tokens[role])
        await sql`
          insert into memberships (org_id, user_id, role)
          select ${id}, id, ${role} from users where auth_sub = ${sub ?? ''}`
      }
    })
    return { id, name }
  }
  const newCoupon = async () => {
    const code = `TEST-${newId().slice(-12).toUpperCase()}`
    await post(tokens.operator, '/v1/operator/coupons', { code, percent_basis_points: 1_000, duration: 'once' })
    return code
  }
  // An organization has one subscription at a time.
  const turn = createTurns()
  const newProject = async () => (await post(owner, '/v1/projects', { name: newId() })).id

  async function finishedDocument() {
    const finished = await documentAt('notify')
    const { name, declaration } = product.functions.find((one) => one.name === 'notifications-document-finished')!
    await deliver(name, declaration, { body: envelope({ ...finished, outcome: 'ready' }) })
    return finished
  }
  const finished = await finishedDocument()
  const indicators = await call(product.url, 'GET', `/v1/indicators?document_id=${finished.document_id}`, {
    token: owner,
  })
  const blocklist = await post(owner, '/v1/blocklists', { name: 'Edge' })

  return {
    product,
    services,
    tokens,
    orgId,
    workspaceId,
    ownerId,
    strangerOrgId,
    projectId: await newProject(),
    documentId: finished.document_id,
    jobId: finished.job_id,
    indicatorId: indicators.body.data[0].id,
    exportId: (await pendingExport()).export_id,
    blocklistId: blocklist.blocklist.id,
    blocklistToken: blocklist.url.split('/').at(-1),
    credentials: { email, password: testPassword },
    uploadedDocument,
    readyDocument: async () => (await finishedDocument()).document_id,
    documentAt,
    pendingExport,
    newProject,
    ...createPeople({
      product,
      database: services.database,
      orgId,
      workspaceId,
      ownerId,
      ownerToken: owner,
      strangerToken: tokens.stranger,
    }),
    newOrganization,
    newBlocklist,
    newDeadLetter,
    newApiKey,
    newFlag,
    newBillingDifference,
    newCoupon,
    newModelCall,
    newInvoice: () => issueInvoiceOf(createCustomer(services.database, { orgId })),
    ...createRuns(product.url, services, orgId, owner),
    ...createPayments(product, { orgId, ownerId }, turn),
    ...createSubscriptions(product, { orgId, ownerId, token: owner }, turn),
    ...createWritings(product.url, owner, finished.document_id),
    deliver,
    envelope,
    async stop() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A server that answers each delivery at an address of its own. */
async function startPushServer(): Promise<{ server: Server; serve(handler: FunctionHandler): string }> {
  const handlers = new Map<string, FunctionHandler>()
  const server = createServer((request, response) => void handlers.get(request.url ?? '')?.(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    server,
    serve(handler) {
      const path = `/${handlers.size}`
      handlers.set(path, handler)
      return `http://127.0.0.1:${port}${path}`
    },
  }
}

function senderHeaders(declaration: Declaration, push: Push): Record<string, string> {
  if (declaration.kind === 'task' || push.asTask) {
    return {
      'x-cloudtasks-taskretrycount': String((push.attempt ?? 1) - 1),
      'x-cloudtasks-taskname': `test-${newId()}`,
    }
  }
  if (declaration.kind === 'cron') {
    return {
      'x-cloudscheduler': 'true',
      'x-cloudscheduler-scheduletime': (push.scheduledAt ?? new Date()).toISOString(),
    }
  }
  return {}
}

function senderBody(declaration: Declaration, push: Push): string {
  const text = typeof push.body === 'string' ? push.body : JSON.stringify(push.body)
  if (declaration.kind !== 'event' || push.asTask) return text
  return JSON.stringify({
    message: { data: Buffer.from(text).toString('base64'), messageId: newId(), attributes: {} },
    subscription: 'projects/test/subscriptions/test',
    deliveryAttempt: push.attempt ?? 1,
  })
}

/** Loads `example.ts` beside a declaration. */
export async function loadExample<Make extends MakeRouteExample | MakeJobExample>(folder: string): Promise<Make> {
  const module = (await import(new URL(`../../functions/${folder}/example.ts`, import.meta.url).href)) as {
    example?: Make
  }
  if (!module.example) throw new Error(`functions/${folder}/example.ts exports no example`)
  return module.example
}

/** A token with claims of our choosing, signed by a key of our choosing. */
export function forge(
  claims: Record<string, unknown>,
  algorithm: string,
  key: CryptoKey | Uint8Array,
  kid: string,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid, typ: 'JWT' }).sign(key)
}

export function isJob(declaration: Declaration): declaration is JobFunction {
  return declaration.kind === 'event' || declaration.kind === 'task'
}
