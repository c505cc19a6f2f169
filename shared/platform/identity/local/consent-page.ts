import { escapeHtml, pageHeaders } from '../../html-page.ts'

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 4rem auto; padding: 0 1rem; }
  label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; }
  input, button { margin: .25rem 0 1rem; padding: .5rem; }
  .error { color: #a00; }
`

/**
 * The page on which a person tells the embedded provider who they are.
 *
 * @param page.flow - sealed; sent back with the form.
 * @param page.error - shown above the form.
 */
export function consentPage(page: {
  provider: string
  application: string
  flow: string
  error: string | null
}): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in</title>
<style>${style}</style>
<h1>Sign in to ${escapeHtml(page.application)}</h1>
<p>This page stands in for ${escapeHtml(page.provider)} on this machine: nothing is sent there.
An address that is new here gets an account with this password.</p>
${page.error === null ? '' : `<p class="error" role="alert">${escapeHtml(page.error)}</p>`}
<form method="post" action="authorize">
<input type="hidden" name="flow" value="${escapeHtml(page.flow)}">
<label>E-mail address <input name="email" type="email" autocomplete="username" maxlength="254"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" maxlength="72"></label>
<button name="decision" value="allow">Sign in</button>
<button name="decision" value="deny">Cancel</button>
</form>
</html>
`
}

/** Headers of the page: a form goes here or on to the application. */
export const consentHeaders = (applicationOrigin: string) => pageHeaders(style, applicationOrigin)
