import { type AuditEntry, appendAudit } from '#shared/domain/audit/append.ts'
import type { Sql } from '#shared/domain/sql.ts'
import type { PendingStatement } from '#shared/platform/database/index.ts'
import type { Call } from './contexts.ts'
import type { AuditDetail } from './declarations.ts'

/** Collects what one transaction is to write into the audit log. */
export class AuditTrail {
  readonly #entries: AuditEntry[] = []
  readonly #call: Call<unknown>
  readonly #organization: () => string

  constructor(call: Call<unknown>, organization: () => string) {
    this.#call = call
    this.#organization = organization
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  note(action: string, { targetId = null, details = {} }: AuditDetail = {}): void {
    const { principal, scope, requestId, address, now } = this.#call
    const keyId = (principal as { keyId?: string | null } | null)?.keyId ?? null
    this.#entries.push({
      orgId: this.#organization(),
      actorKind: keyId !== null ? 'key' : scope.userId !== null ? 'user' : 'system',
      actorId: keyId ?? scope.userId,
      action,
      targetType: action.slice(0, action.indexOf('.')),
      targetId,
      details,
      requestId,
      ip: address,
      occurredAt: now,
    })
  }

  /** The statement that writes them, for the end of the transaction: the organization's log is locked from it to the commit. */
  statements(sql: Sql): PendingStatement[] {
    return this.isEmpty ? [] : [appendAudit(sql, this.#entries)]
  }
}
