import { hash } from 'node:crypto'
import swaggerPackage from 'swagger-ui-dist/package.json' with { type: 'json' }

/** Shows the document of this very server, and calls this very server, under whatever name it was reached. */
const script = `
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()
const main = document.getElementById('reference')
fetch('/v1/openapi.json')
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error('HTTP ' + answer.status))))
  .then((spec) => {
    spec.servers = [{ url: location.origin }]
    SwaggerUIBundle({
      spec,
      domNode: main,
      deepLinking: true,
      docExpansion: 'list',
      filter: true,
      tryItOutEnabled: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: -1,
      validatorUrl: null,
    })
  })
  .catch((error) => {
    main.textContent = 'The API could not be shown (' + error.message + '). Try again, or read /v1/openapi.json.'
  })
`

const style = `
body { margin: 0; }
html.dark-mode body { background: #1c2022; }
.swagger-ui .scheme-container { box-shadow: none; border: 0; padding: 0; background: none; }
.swagger-ui .info { margin: 32px 0 16px; }
main > p { font-family: sans-serif; margin: 32px; }
`

/** Files of ours that the page loads, by name. Their names change with their content: they are kept for a year. */
export const ownAssets: Readonly<Record<string, { content: string; mediaType: string }>> = {
  [nameOf('page', script, 'js')]: { content: script, mediaType: 'text/javascript; charset=utf-8' },
  [nameOf('page', style, 'css')]: { content: style, mediaType: 'text/css; charset=utf-8' },
}

/** Files of Swagger UI that the page loads, by name, with where they are in its package. */
export const packageAssets: Readonly<Record<string, { file: string; mediaType: string }>> = {
  [`swagger-ui-${swaggerPackage.version}.js`]: {
    file: 'swagger-ui-bundle.js',
    mediaType: 'text/javascript; charset=utf-8',
  },
  [`swagger-ui-${swaggerPackage.version}.css`]: { file: 'swagger-ui.css', mediaType: 'text/css; charset=utf-8' },
}

function nameOf(stem: string, content: string, extension: string): string {
  return `${stem}-${hash('sha256', content, 'hex').slice(0, 12)}.${extension}`
}

/** Everything from this server, nothing inline; pictures of the style sheet are data in it. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const assets = [...Object.keys(packageAssets), ...Object.keys(ownAssets)]
const linesFor = (extension: string, line: (name: string) => string) =>
  assets.filter((name) => name.endsWith(extension)).map(line)

/** The page; it is the same for everybody. */
export const referencePage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>RaptorFlow ADAPT: API reference</title>
<link rel="icon" href="data:,">
${linesFor('.css', (name) => `<link rel="stylesheet" href="/docs/${name}">`).join('\n')}
</head>
<body>
<main id="reference"><p>Loading the API reference …</p></main>
<noscript><p>The reference needs JavaScript. The API is described by <a href="/v1/openapi.json">openapi.json</a>.</p></noscript>
${linesFor('.js', (name) => `<script src="/docs/${name}" defer></script>`).join('\n')}
</body>
</html>
`
