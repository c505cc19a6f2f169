/** Reads whose message it is (`org_id` of the envelope, SPEC section 3), for fairness; '' when it does not say. */
export function organizationOf(body: string): string {
  try {
    const { org_id: organization } = JSON.parse(body) as { org_id?: unknown }
    return typeof organization === 'string' ? organization : ''
  } catch {
    return ''
  }
}
