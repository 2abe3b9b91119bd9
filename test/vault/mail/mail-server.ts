import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { MailSettings, SmtpSettings } from '#vault'

export interface Delivered {
  /** Of the envelope. */
  readonly from: string
  readonly to: readonly string[]
  readonly isEncrypted: boolean
  /** By which mechanism its sender logged in; undefined when it did not. */
  readonly mechanism: string | undefined
  /** What the sender calls itself. */
  readonly helo: string
  readonly source: string
  readonly message: Email
}

/** A mail server that keeps what it gets. */
export async function startMailServer(options: SMTPServerOptions = {}) {
  const delivered: Delivered[] = []
  const mechanisms = new Map<string, string>()
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    disabledCommands: [],
    allowInsecureAuth: true,
    closeTimeout: 100,
    disableReverseLookup: true,
    onAuth(auth, session, done) {
      const isRight = auth.username === 'belfry' && (auth.password ?? auth.accessToken) === 'mail-secret'
      if (!isRight) return done(new Error('who are you?'))
      mechanisms.set(session.id, auth.method)
      return done(null, { user: auth.username ?? '' })
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const source = Buffer.concat(chunks).toString('latin1')
        const { mailFrom, rcptTo } = session.envelope
        delivered.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          isEncrypted: session.secure,
          mechanism: mechanisms.get(session.id),
          helo: session.hostNameAppearsAs || '',
          source,
          message: await PostalMime.parse(Buffer.concat(chunks)),
        })
        done()
      })
    },
    ...options,
  })
  // Clients that go away in the middle are what some tests are about.
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    port: (server.server.address() as AddressInfo).port,
    delivered,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

/** Of a mailer without TLS and login, but for what a test is about. */
export function mailSettings(
  smtp: Partial<SmtpSettings> & { port: number },
  settings: Partial<MailSettings> = {},
): MailSettings {
  return {
    transport: {
      kind: 'smtp',
      host: 'localhost',
      security: 'off',
      username: undefined,
      password: undefined,
      authMechanisms: [],
      timeoutMs: 5000,
      heloName: undefined,
      debug: false,
      acceptsInvalidCertificates: false,
      acceptsInvalidHostnames: false,
      ...smtp,
    },
    from: 'vault@example.com',
    fromName: 'The Vault',
    templatesFolder: '/nonexistent',
    reloadsTemplates: false,
    embedsImages: true,
    timeZone: undefined,
    ...settings,
  }
}
