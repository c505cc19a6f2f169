import { createServer, type Server, type Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeMailer, type ReceivedMail } from './contract.ts'
import { createLogMailer } from './log.ts'
import { openMailer } from './open.ts'
import { createSmtpMailer } from './smtp.ts'

const password = 'correct horse'
const mail = { id: 'invoice-1', to: 'accounts@acme.example', subject: 'Invoice', text: 'attached.\n' }
const from = 'RaptorFlow ADAPT <no-reply@raptorflow.example>'

let raw: { to: string[]; from: string; content: string; user: unknown }[] = []
let server: SMTPServer
let port: number

function portOf(listening: Server): number {
  const address = listening.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth({ username, password: given }, _session, callback) {
      if (given === password) callback(null, { user: username })
      else callback(new Error('wrong'))
    },
    onRcptTo({ address }, _session, callback) {
      const refusal = { 'nobody@acme.example': 550, 'full@acme.example': 452 }[address]
      callback(refusal === undefined ? null : Object.assign(new Error('refused'), { responseCode: refusal }))
    },
    onData(stream, { envelope, user }, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = envelope
        const content = Buffer.concat(chunks).toString('utf8')
        if (content.includes('unwanted')) return callback(Object.assign(new Error('spam'), { responseCode: 554 }))
        raw.push({ to: rcptTo.map(({ address }) => address), from: mailFrom ? mailFrom.address : '', content, user })
        callback()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = portOf(server.server)
})
afterAll(() => new Promise<void>((resolve) => server.close(resolve)))
beforeEach(() => {
  raw = []
})

/** Takes a mail of ours apart: headers, and what of its parts the contract looks at. */
function parse({ to, content }: (typeof raw)[number]): ReceivedMail {
  const end = content.indexOf('\r\n\r\n')
  const headers = content.slice(0, end).replaceAll(/\r\n[ \t]+/g, ' ')
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1] ?? ''
  const boundary = /boundary="([^"]+)"/.exec(headers)?.[1]
  const parts = boundary ? content.split(`--${boundary}`).slice(1, -1) : [content]
  return {
    to,
    subject: header('Subject').replaceAll(/=\?utf-8\?([qb])\?([^?]*)\?=\s?/gi, (_, kind: string, text: string) =>
      kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString() : unquote(text.replaceAll('_', ' ')),
    ),
    text: bodyOf(parts[0] ?? ''),
    id: header('Message-ID'),
    attachments: parts.slice(1).map((part) => /filename="?([^";\r\n]+)/i.exec(part)?.[1] ?? ''),
  }
}

function bodyOf(part: string): string {
  const at = part.indexOf('\r\n\r\n', part.startsWith('\r\n') ? 2 : 0)
  const body = part.slice(at + 4)
  const encoding = /Content-Transfer-Encoding: (\S+)/i.exec(part)?.[1]
  const text =
    encoding === 'base64'
      ? Buffer.from(body, 'base64').toString()
      : encoding === 'quoted-printable'
        ? unquote(body.replaceAll('=\r\n', ''))
        : body
  return `${text.replaceAll('\r\n', '\n').trimEnd()}\n`
}

function unquote(text: string): string {
  return Buffer.from(
    text.replaceAll(/=([0-9A-F]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    'latin1',
  ).toString()
}

describeMailer('SMTP', () => ({
  mailer: createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from }),
  received: () => raw.map(parse),
}))

describeMailer('the log', () => {
  const entries: ReceivedMail[] = []
  return {
    mailer: createLogMailer({
      info: (_, { to, ...fields }) => entries.push({ to: [String(to)], ...fields } as ReceivedMail),
    }),
    received: () => entries,
  }
})

describe('SMTP', () => {
  const mailer = (url = `smtp://127.0.0.1:${port}`, whole = 30_000) =>
    createSmtpMailer({ url, from, timeoutMilliseconds: { connect: 10_000, answer: 20_000, whole } })

  test('attaches the very bytes, and says who sends and that nobody needs to answer', async () => {
    const content = Buffer.from(Array.from({ length: 3_000 }, (_, index) => index % 256))
    await mailer().send({ ...mail, attachments: [{ name: 'a.pdf', mediaType: 'application/pdf', content }] })
    const [sent] = raw
    expect(sent!.content.replaceAll('\r\n', '')).toContain(content.toString('base64'))
    expect(sent!.content).toContain('Content-Type: application/pdf; name=a.pdf')
    expect(sent!.content).toContain(`From: ${from}`)
    expect(sent!.content).toContain('Message-ID: <invoice-1@raptorflow.example>')
    expect(sent!.content).toContain('Auto-Submitted: auto-generated')
    expect(sent!.from).toBe('no-reply@raptorflow.example')
  })

  test.each([
    ['a mailbox that there is none of', { to: 'nobody@acme.example' }, 'INVALID_ARGUMENT'],
    ['a mail that is unwanted', { text: 'unwanted' }, 'INVALID_ARGUMENT'],
    ['a mailbox that is full for now', { to: 'full@acme.example' }, 'UNAVAILABLE'],
  ])('tells of %s whether repeating it could help', async (_, overrides, code) => {
    await expect(mailer().send({ ...mail, ...overrides })).rejects.toMatchObject({ name: 'PlatformError', code })
    expect(raw).toEqual([])
  })

  test('shows its password to the server, and to nobody in an error', async () => {
    await mailer(`smtp://billing:${encodeURIComponent(password)}@127.0.0.1:${port}`).send(mail)
    expect(raw[0]!.user).toBe('billing')
    const refused = await mailer(`smtp://billing:hunter2hunter2@127.0.0.1:${port}`)
      .send(mail)
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'UNAVAILABLE' })
    const { cause } = refused as Error
    const secrets = ['hunter2hunter2', Buffer.from('\0billing\0hunter2hunter2').toString('base64')]
    for (const secret of secrets) expect(JSON.stringify([refused, cause, String(cause)])).not.toContain(secret)
  })

  test('believes no certificate that nobody vouches for', async () => {
    const tls = new SMTPServer({ secure: true, authOptional: true, logger: false })
    // The handshake is ended by the client.
    tls.on('error', () => {})
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve))
    await expect(mailer(`smtps://127.0.0.1:${portOf(tls.server)}`).send(mail)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    await new Promise<void>((resolve) => tls.close(resolve))
  })

  test('gives up a server that says nothing, when its time or the caller’s is over, and one that isn’t there', async () => {
    const sockets: Socket[] = []
    let isOver = false
    const silent = createServer((socket) => (isOver ? socket.destroy() : sockets.push(socket)))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const url = `smtp://127.0.0.1:${portOf(silent)}`
    await expect(mailer(url, 50).send(mail)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const caller = new AbortController()
    const sending = mailer(url).send(mail, caller.signal)
    caller.abort()
    await expect(sending).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(mailer(url).send(mail, AbortSignal.abort())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    isOver = true
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => silent.close(resolve))
    await expect(mailer(url).send(mail)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('is what the settings name; without them mails are logged', async () => {
    const logged: string[] = []
    const log = { info: (message: string) => void logged.push(message) }
    await openMailer({ MAIL_FROM: from }, log).send(mail)
    await openMailer({ SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: from }, log).send(mail)
    expect([logged, raw.length]).toEqual([['mail'], 1])
  })

  test.each(['staging', 'production'])(
    'in %s the log says that a mail was not sent, and nothing of it',
    async (APP_ENV) => {
      const logged: string[] = []
      const info = (...line: unknown[]) => void logged.push(JSON.stringify(line))
      await openMailer({ MAIL_FROM: from, APP_ENV }, { info }).send(mail)
      expect(logged).toEqual([JSON.stringify(['mail not sent: no mail server is set', { id: mail.id }])])
    },
  )
})
