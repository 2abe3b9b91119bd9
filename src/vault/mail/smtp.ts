import { format } from 'node:util'
import SMTPConnection, {
  type SMTPConnectionAuth,
  type SMTPConnectionCustomAuthContext,
} from 'nodemailer/lib/smtp-connection'
import type { Logger } from '#kit'
import type { SmtpSettings } from '../settings.ts'
import type { Carrier, Message } from './message.ts'

type Mechanism = SmtpSettings['authMechanisms'][number]

/** Our name for the choice among the mechanisms that the operator allows; never said to a server. */
const CHOICE = 'OPERATORS-CHOICE'

/** Takes messages to the operator's mail server, each on a connection of its own. */
export function smtpCarrier(settings: SmtpSettings, logger: Logger): Carrier {
  return async (message, signal) => {
    const connection = connect(settings, logger)
    const broken = Promise.withResolvers<never>()
    // It is also the end of what was still being waited for when nobody waits any more.
    broken.promise.catch(() => {})
    const abort = () => broken.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    connection.on('error', broken.reject)
    connection.on('end', () => broken.reject(new Error('the mail server closed the connection')))
    try {
      signal.throwIfAborted()
      await Promise.race([hand(connection, message, settings), broken.promise])
      connection.quit()
    } catch (error) {
      connection.close()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }
}

async function hand(connection: SMTPConnection, { from, to, bytes }: Message, settings: SmtpSettings): Promise<void> {
  await step((done) => connection.connect((error) => done(error ?? null)))
  const auth = credentials(settings)
  if (auth !== undefined) await step((done) => connection.login(auth, done))
  await step((done) => connection.send({ from, to: [to] }, bytes, done))
}

function connect(settings: SmtpSettings, logger: Logger): SMTPConnection {
  const { host, port, security, timeoutMs, heloName } = settings
  return new SMTPConnection({
    host,
    port,
    secure: security === 'force_tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'off',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    ...(heloName === undefined ? {} : { name: heloName }),
    tls: {
      rejectUnauthorized: !settings.acceptsInvalidCertificates,
      ...(settings.acceptsInvalidHostnames ? { checkServerIdentity: () => undefined } : {}),
    },
    customAuth: { [CHOICE]: (context) => chooseMechanism(context, settings.authMechanisms) },
    // What is said, but neither what is in a letter (`debug` would) nor passwords.
    transactionLog: settings.debug,
    logger: settings.debug ? transcript(logger) : false,
  })
}

function credentials({ username: user, password: pass, authMechanisms }: SmtpSettings): SMTPConnectionAuth | undefined {
  if (user === undefined || pass === undefined) return undefined
  return authMechanisms.length === 0 ? { user, pass } : { user, pass, method: CHOICE }
}

/** Logs in by the first of `wanted` that the server offers. */
async function chooseMechanism(context: SMTPConnectionCustomAuthContext, wanted: readonly Mechanism[]): Promise<void> {
  const offered = context.authMethods.map((method) => method.toLowerCase())
  const mechanism = wanted.find((candidate) => offered.includes(candidate))
  if (mechanism === undefined) throw new Error(`the mail server offers none of the mechanisms ${wanted.join(', ')}`)
  const { user, pass } = context.auth.credentials
  let reply = { status: 0, text: '' }
  for (const command of SPOKEN[mechanism](user, pass)) reply = await context.sendCommand(command)
  if (reply.status !== 235) throw new Error(`login by ${mechanism} failed: ${reply.status} ${reply.text}`)
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** What is said, command by command. RFC 4616; LOGIN stands in no RFC; Google's XOAUTH2, with the token as password. */
const SPOKEN: Record<Mechanism, (user: string, pass: string) => readonly string[]> = {
  plain: (user, pass) => [`AUTH PLAIN ${base64(`\0${user}\0${pass}`)}`],
  login: (user, pass) => ['AUTH LOGIN', base64(user), base64(pass)],
  xoauth2: (user, pass) => [`AUTH XOAUTH2 ${base64(`user=${user}\x01auth=Bearer ${pass}\x01\x01`)}`],
}

/** Resolves when `begin` is done, rejects with what it says went wrong. */
function step(begin: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => begin((error) => (error ? reject(error) : resolve())))
}

/** The conversation as events of our log. */
function transcript(logger: Logger) {
  const say = (entry: { tnx?: string }, message: string, ...parameters: unknown[]) =>
    logger.info({ from: entry.tnx, said: format(message, ...parameters) }, 'smtp')
  return { trace: say, debug: say, info: say, warn: say, error: say, fatal: say }
}
