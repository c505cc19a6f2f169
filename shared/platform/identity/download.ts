/**
 * Downloads a small text. With `node:http` and not `fetch`: loading fetch costs a function's first answer 20 ms and
 * 5 MB. The modules are asked for without `import`, which would read all their exports, and fetch is behind one.
 *
 * @param url - `http:` or `https:`; a redirect is not followed.
 * @param limits.timeoutSeconds - for the whole answer.
 * @throws Error when the answer isn't 200, is larger than `maximumBytes`, takes too long or doesn't come.
 */
export async function download(
  url: string,
  limits: { accept: string; timeoutSeconds: number; maximumBytes: number },
): Promise<string> {
  const { get } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http')
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  const response = await new Promise<AsyncIterable<Uint8Array>>((resolve, reject) => {
    const request = get(url, {
      headers: { accept: limits.accept },
      // Asked for rarely: a kept connection would only be one that may have died.
      agent: false,
      signal: AbortSignal.timeout(limits.timeoutSeconds * 1000),
    })
    request.once('error', reject)
    request.once('response', (answer) => {
      if (answer.statusCode === 200) return resolve(answer)
      answer.destroy()
      reject(new Error(`${url} was answered with status ${answer.statusCode}`))
    })
  })
  for await (const chunk of response) {
    bytes += chunk.byteLength
    if (bytes > limits.maximumBytes) throw new Error(`the answer of ${url} is too large`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
