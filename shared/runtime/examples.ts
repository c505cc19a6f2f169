import type { KeyScope } from '#shared/domain/tenancy/permissions.ts'
import type { Services } from './services.ts'

/** What the contract suite has made ready: one organization with everything in it that a request can name. */
export interface ExampleWorld {
  services: Services
  orgId: string
  workspaceId: string
  projectId: string
  ownerId: string
  /** A document that went through the whole pipeline, with its job and some of what was found. */
  documentId: string
  jobId: string
  indicatorId: string
  exportId: string
  blocklistId: string
  blocklistToken: string
  /** E-mail and password that can sign in. */
  credentials: { email: string; password: string }
  /** A new document whose file is uploaded but not completed. */
  uploadedDocument(): Promise<string>
  /** A new document that has come to this step of the pipeline. */
  documentAt(step: 'validate' | 'scan' | 'extract-text' | 'extract-intelligence' | 'index' | 'notify'): Promise<{
    document_id: string
    job_id: string
  }>
  /** Another document that went through the whole pipeline. */
  readyDocument(): Promise<string>
  newProject(): Promise<string>
  newBlocklist(): Promise<string>
  /** A new API key of the organization with these scopes; to read intelligence when none is named. */
  newApiKey(scopes?: readonly KeyScope[]): Promise<{ id: string; key: string }>
  /** A new export that is yet to be built. */
  pendingExport(): Promise<{ export_id: string; job_id: string }>
}

/** A valid request to a route, made by `example.ts` beside its declaration; the contract suite bends it in every way. */
export interface RouteExample {
  params?: Record<string, string>
  query?: Record<string, string>
  body?: unknown
  /** The status that it is answered with. */
  status: number
}

export type MakeRouteExample = (world: ExampleWorld) => RouteExample | Promise<RouteExample>

/** A valid payload of a job. */
export type MakeJobExample = (world: ExampleWorld) => unknown | Promise<unknown>
