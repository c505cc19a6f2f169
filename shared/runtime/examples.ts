import type * as v from 'valibot'
import type { Draft } from '#shared/domain/claims/types.ts'
import type { RelationshipDraft } from '#shared/domain/intelligence/relationships.ts'
import type { Evidence } from '#shared/domain/intelligence/schemas.ts'
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
  /** A new dead letter, which can be sent again: of an event, unless the function that gave it up is named. */
  newDeadLetter(consumer?: string): Promise<string>
  /** Another organization with the same people in the same roles. */
  newOrganization(): Promise<{ id: string; name: string }>
  /** A new API key of the organization with these scopes; to read intelligence when none is named. */
  newApiKey(scopes?: readonly KeyScope[]): Promise<{ id: string; key: string }>
  /** A model call of the workspace that has ended and is paid for. */
  newModelCall(): Promise<{ id: string; agent: string }>
  /** A new feature flag; returns its name. */
  newFlag(): Promise<string>
  /** A new difference between the gateway and the organization’s payments. */
  newBillingDifference(): Promise<string>
  /** A new invoice of the organization, issued and not sent yet. */
  newInvoice(): Promise<string>
  /** Someone who has signed up and belongs nowhere. */
  newPerson(): Promise<{ email: string; token: string }>
  /** A new viewer of the organization, in its workspace unless told otherwise; can't sign in. */
  newMember(options?: { inWorkspace?: boolean }): Promise<{ userId: string }>
  /** An open invitation to the organization as a viewer. */
  newInvitation(email?: string): Promise<{ id: string; token: string }>
  /** Another workspace of the organization, with all of its members. */
  newWorkspace(): Promise<{ id: string; name: string }>
  /** Somebody else's organization that the organization's owner is an editor of. */
  newJoinedOrganization(): Promise<string>
  /** A new run of agents: under way, unless it is to wait for its approval (node `approval`) or to be cancelled. */
  newRun(status?: 'queued' | 'waiting_approval' | 'cancelled'): Promise<string>
  /** Evidence for an indicator of the document. */
  readEvidence(): Promise<Evidence>
  /** A brief about the document, with a claim that cites and one that doesn't. */
  newBriefDraft(): Promise<Draft>
  newBrief(): Promise<string>
  /** A comment on a brief, a new one unless it is named. */
  newBriefComment(briefId?: string): Promise<{ brief_id: string; comment_id: string }>
  newDetectionRule(): Promise<string>
  /** A relationship between an indicator and software or an actor of the document. */
  newRelationshipDraft(): Promise<v.InferInput<typeof RelationshipDraft>>
  newRelationship(): Promise<string>
  /** A new export that is yet to be built. */
  pendingExport(): Promise<{ export_id: string; job_id: string }>
  /** Ends the organization's subscription, if there is one: so that it can begin one. */
  withoutSubscription(): Promise<void>
  /** The code of a new coupon. */
  newCoupon(): Promise<string>
  /** A new order of a month of Team, yet to be paid, of no subscription. */
  newOrder(): Promise<{ id: string; gateway_order_id: string }>
  /** A new order that somebody tried to pay in vain, and what the checkout said. */
  newTriedOrder(): Promise<{ id: string; checkout: unknown }>
  /** A new payment of the organization for nothing, of which the gateway knows nothing. */
  newPayment(status?: 'authorized' | 'captured'): Promise<{ id: string; gateway_payment_id: string }>
  /** A new refund of such a payment that is to be asked of the gateway. */
  newRefund(): Promise<string>
  /** An event of the gateway that is to be applied. */
  newGatewayEvent(): Promise<string>
  /** The organization's new subscription, a month of Team by order, active unless it is to be cancelled; the one before has ended. */
  newSubscription(state?: 'cancelled at the period’s end'): Promise<string>
  /** The same, paid by a mandate that is authorized at the gateway. */
  newMandate(): Promise<{ id: string; gateway_subscription_id: string }>
  /** The organization has had no trial yet. */
  withoutTrial(): Promise<void>
}

/** A valid request to a route, made by `example.ts` beside its declaration; the contract suite bends it in every way. */
export interface RouteExample {
  params?: Record<string, string>
  query?: Record<string, string>
  body?: unknown
  /** Sent as it is, instead of `body`, where a route takes bytes. */
  rawBody?: string
  headers?: Record<string, string>
  /** Who sends it; the organization's owner when absent. */
  token?: string
  /** The status that it is answered with. */
  status: number
}

export type MakeRouteExample = (world: ExampleWorld) => RouteExample | Promise<RouteExample>

/** A valid payload of a job. */
export type MakeJobExample = (world: ExampleWorld) => unknown | Promise<unknown>
