import { hash } from 'node:crypto'

/**
 * Headers of a page that stands alone: nothing is loaded, nothing runs, nobody frames it.
 * @param style what its `<style>` holds
 * @param formOrigin where its forms may lead beside here (browsers apply that to redirects too); null: nowhere
 */
export function pageHeaders(style: string, formOrigin: string | null): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${hash('sha256', style, 'base64')}'`,
    `form-action 'self'${formOrigin === null ? '' : ` ${formOrigin}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    // With `no-referrer` browsers would send `Origin: null` with the form, which is checked.
    'referrer-policy': 'same-origin',
  }
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => entities[letter]!)
}
