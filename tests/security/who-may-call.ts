import type { KeyScope, Permission, Role } from '#shared/domain/tenancy/permissions.ts'

/** Who may call some routes of an organization. */
export interface Wall {
  permission: Permission
  roles: readonly Role[]
  /** What a key needs; null where only people may. */
  scope: KeyScope | null
  /** Whether who has a second factor must have shown it. */
  secondFactor: boolean
  routes: readonly string[]
}

const everyone = ['owner', 'admin', 'editor', 'viewer'] as const
const writers = ['owner', 'admin', 'editor'] as const
const managers = ['owner', 'admin'] as const

/**
 * Written by hand, and not taken from the code's own data: a route, a role or a scope that moves to another wall is to be
 * moved here too, by someone who has thought about it.
 */
export const walls: readonly Wall[] = [
  {
    permission: 'intelligence:read',
    roles: everyone,
    scope: 'intelligence:read',
    secondFactor: false,
    routes: [
      'actors-list',
      'agent-runs-list',
      'agent-runs-read',
      'agent-runs-read-statistics',
      'agent-runs-stream-events',
      'agents-list',
      'agents-read',
      'attack-list-software',
      'attack-list-techniques',
      'attack-read-coverage',
      'attack-read-navigator',
      'blocklists-list',
      'blocklists-read-content',
      'briefs-list',
      'briefs-list-comments',
      'briefs-read',
      'detection-rules-list',
      'detection-rules-read',
      'detection-rules-read-content',
      'documents-list',
      'documents-read',
      'documents-read-text',
      'evidence-list',
      'exports-create',
      'exports-read',
      'flags-evaluate',
      'indicators-list',
      'indicators-read',
      'jobs-list',
      'jobs-read',
      'jobs-stream-events',
      'mcp-serve',
      'models-read',
      'playbooks-list',
      'playbooks-read',
      'projects-list',
      'projects-read',
      'relationships-list',
      'vulnerabilities-list',
      'workspaces-list',
      'workspaces-read',
    ],
  },
  {
    permission: 'intelligence:read',
    roles: everyone,
    scope: null,
    secondFactor: false,
    routes: [
      'members-list',
      'members-read',
      'notifications-list',
      'organizations-read',
      'users-read',
      'workspaces-list-members',
    ],
  },
  {
    permission: 'intelligence:write',
    roles: writers,
    scope: 'intelligence:write',
    secondFactor: false,
    routes: [
      'agent-runs-cancel',
      'agent-runs-create',
      'agent-runs-retry',
      'briefs-add-comment',
      'briefs-create',
      'briefs-delete',
      'briefs-delete-comment',
      'briefs-publish',
      'briefs-update',
      'detection-rules-create',
      'detection-rules-delete',
      'detection-rules-update',
      'detection-rules-write',
      'documents-complete-upload',
      'documents-create',
      'documents-reprocess',
      'jobs-cancel',
      'projects-create',
      'projects-update',
      'relationships-decide',
      'relationships-propose',
    ],
  },
  {
    permission: 'intelligence:write',
    roles: writers,
    scope: null,
    secondFactor: false,
    routes: ['agent-runs-decide'],
  },
  {
    permission: 'projects:delete',
    roles: managers,
    scope: 'projects:delete',
    secondFactor: false,
    routes: ['projects-delete'],
  },
  {
    permission: 'agents:manage',
    roles: managers,
    scope: 'agents:manage',
    secondFactor: false,
    routes: ['agents-list-versions', 'agents-update', 'models-update'],
  },
  {
    permission: 'organization:manage',
    roles: managers,
    scope: 'organization:manage',
    secondFactor: false,
    routes: ['blocklists-create', 'blocklists-revoke', 'operations-send-test-event'],
  },
  {
    permission: 'organization:manage',
    roles: managers,
    scope: null,
    secondFactor: false,
    routes: [
      'costs-set-budget',
      'dead-letters-discard',
      'dead-letters-list',
      'dead-letters-read',
      'dead-letters-redrive',
      'dead-letters-redrive-many',
      'organizations-update',
      'workspaces-create',
      'workspaces-delete',
    ],
  },
  {
    permission: 'workspace:manage',
    roles: managers,
    scope: null,
    secondFactor: true,
    routes: ['workspaces-add-member', 'workspaces-remove-member', 'workspaces-update', 'workspaces-update-member'],
  },
  {
    permission: 'audit:read',
    roles: managers,
    scope: 'audit:read',
    secondFactor: false,
    routes: ['audit-export', 'audit-list', 'audit-verify'],
  },
  {
    permission: 'usage:read',
    roles: managers,
    scope: 'usage:read',
    secondFactor: false,
    routes: [
      'billing-read-entitlements',
      'costs-list-calls',
      'costs-read-budget',
      'costs-summarize',
      'usage-list-requests',
      'usage-summarize',
    ],
  },
  {
    permission: 'members:manage',
    roles: managers,
    scope: null,
    secondFactor: true,
    routes: [
      'invitations-create',
      'invitations-list',
      'invitations-revoke',
      'members-remove',
      'members-set-permissions',
      'members-update',
    ],
  },
  {
    permission: 'keys:manage',
    roles: managers,
    scope: null,
    secondFactor: true,
    routes: [
      'api-keys-create',
      'api-keys-list',
      'api-keys-read',
      'api-keys-revoke',
      'api-keys-rotate',
      'api-keys-update',
    ],
  },
  {
    permission: 'billing:manage',
    roles: ['owner'],
    scope: null,
    secondFactor: true,
    routes: [
      'billing-cancel-subscription',
      'billing-change-subscription',
      'billing-create-order',
      'billing-create-subscription',
      'billing-download-invoice',
      'billing-list-invoices',
      'billing-list-orders',
      'billing-list-payments',
      'billing-pause-subscription',
      'billing-preview-change',
      'billing-read-account',
      'billing-read-invoice',
      'billing-read-order',
      'billing-read-payment',
      'billing-read-statement',
      'billing-read-subscription',
      'billing-resume-subscription',
      'billing-start-trial',
      'billing-update-account',
      'billing-verify-payment',
    ],
  },
  {
    permission: 'organization:delete',
    roles: ['owner'],
    scope: null,
    secondFactor: true,
    routes: ['organizations-delete'],
  },
]

/** Whoever has signed in, for themselves. */
export const signedIn: readonly string[] = [
  'auth-list-factors',
  'auth-remove-factor',
  'auth-set-up-factor',
  'auth-sign-out',
  'auth-verify-factor',
  'invitations-accept',
  'organizations-create',
  'organizations-leave',
  'organizations-list',
  'users-delete-me',
  'users-export-me',
  'users-read-me',
  'users-read-permissions',
  'users-update-me',
]

/** Who runs the installation. */
export const operators: readonly string[] = [
  'billing-create-coupon',
  'billing-list-coupons',
  'billing-list-differences',
  'billing-read-invariants',
  'billing-read-status',
  'billing-refund-payment',
  'billing-resolve-difference',
  'billing-set-entitlements',
  'billing-set-tax-treatment',
  'billing-start-reconciliation',
  'flags-create',
  'flags-delete',
  'flags-list',
  'flags-list-changes',
  'flags-read',
  'flags-update',
]

/** The whole world. */
export const anyone: readonly string[] = [
  'auth-create-token',
  'auth-finish-oauth',
  'auth-refresh-token',
  'auth-sign-up',
  'auth-start-oauth',
  'billing-list-plans',
  'billing-receive-webhook',
  'blocklists-serve',
  'docs-read-asset',
  'docs-read-openapi',
  'docs-read-page',
  'invitations-preview',
  'operations-health',
  'operations-ready',
]

/** Where an API key is taken as the password of HTTP Basic. */
export const basic: readonly string[] = ['blocklists-read-content', 'detection-rules-read-content']

/** What the organization's people may still do while it is being deleted: watch. */
export const whileDeleting: readonly string[] = ['jobs-read', 'jobs-stream-events', 'organizations-delete']
