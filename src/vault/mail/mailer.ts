import type { Logger } from '#kit'
import type { MailSettings } from '../settings.ts'
import type { LetterName, Letters, Mailer } from './letters.ts'
import { type Carrier, composeMessage } from './message.ts'
import { sendmailCarrier } from './sendmail.ts'
import { smtpCarrier } from './smtp.ts'
import { Templates, type Variables } from './templates.ts'

export interface MailTools {
  /** Where the vault is, for links: no slash at its end. */
  readonly url: string
  readonly logger: Logger
}

/** Connections to the mail server at once, or programs. */
const MAX_AT_ONCE = 8
/** Letters that wait for one of these; some 10 KB each when it is their turn. */
const MAX_WAITING = 500
/** What Vaultwarden gives a mail server, for programs that have no setting of their own. */
const SENDMAIL_TIMEOUT_MS = 15_000

/** Renders letters and takes them away, a few at a time and none for longer than the timeout. */
export class PostOffice implements Mailer {
  readonly #settings: MailSettings
  readonly #tools: MailTools
  readonly #carrier: Carrier
  readonly #timeoutMs: number
  readonly #underWay = new Set<Promise<void>>()
  readonly #waiting: (() => void)[] = []
  readonly counts = { sent: 0, failed: 0 }
  #free = MAX_AT_ONCE
  #templates: Promise<Templates> | undefined
  readonly #givenUp = new AbortController()
  #isClosed = false

  constructor(settings: MailSettings, tools: MailTools) {
    const { transport } = settings
    this.#settings = settings
    this.#tools = tools
    this.#carrier =
      transport.kind === 'smtp' ? smtpCarrier(transport, tools.logger) : sendmailCarrier(transport.command)
    this.#timeoutMs = transport.kind === 'smtp' ? transport.timeoutMs : SENDMAIL_TIMEOUT_MS
  }

  async send<Name extends LetterName>(to: string, name: Name, data: Letters[Name]): Promise<void> {
    if (this.#isClosed) throw new Error('the mailer is closed')
    if (this.#waiting.length >= MAX_WAITING) throw new Error(`${MAX_WAITING} letters are waiting already`)
    const sent = this.#send(to, name, data)
    const ended = sent.catch(() => {}).finally(() => this.#underWay.delete(ended))
    this.#underWay.add(ended)
    return sent
  }

  giveUp(): void {
    this.#givenUp.abort(new Error('the server closes'))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#underWay)
  }

  async #send<Name extends LetterName>(to: string, name: Name, data: Letters[Name]): Promise<void> {
    const { from, fromName, embedsImages } = this.#settings
    // Begins now, so that waiting for others counts.
    const late = new AbortController()
    const timer = setTimeout(
      () => late.abort(new Error(`the letter was not taken within ${this.#timeoutMs / 1000} s`)),
      this.#timeoutMs,
    )
    const signal = AbortSignal.any([late.signal, this.#givenUp.signal])
    try {
      signal.throwIfAborted()
      await this.#turn(signal)
      try {
        const letter = (await this.#currentTemplates()).render(name, this.#variablesOf(data))
        const message = await composeMessage({ from, fromName, to, letter, embedsImages })
        await this.#carrier(message, signal)
        this.counts.sent++
      } finally {
        this.#endTurn()
      }
    } catch (error) {
      this.counts.failed++
      // What a broken connection or a killed program say of themselves is not why.
      throw signal.aborted ? signal.reason : error
    } finally {
      clearTimeout(timer)
    }
  }

  #turn(signal: AbortSignal): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--
      return undefined
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(begin)
    })
  }

  #endTurn(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }

  #currentTemplates(): Promise<Templates> {
    const { templatesFolder, reloadsTemplates } = this.#settings
    if (reloadsTemplates) return Templates.load(templatesFolder, this.#tools.logger)
    this.#templates ??= Templates.load(templatesFolder, this.#tools.logger)
    return this.#templates
  }

  #variablesOf(data: Letters[LetterName]): Variables {
    const { url } = this.#tools
    const texts = Object.entries(data).map(([name, value]) => {
      if (value instanceof Date) return [name, this.#timeText(value)]
      return [name, name === 'device_name' ? upperFirst(value) : value]
    })
    const imageSource = this.#settings.embedsImages ? 'cid:' : `${url}/vw_static/`
    return { url, img_src: imageSource, ...Object.fromEntries(texts) }
  }

  /** As Vaultwarden writes it: `Sunday, November 22, 2026 at 12:15:36 AM UTC`. */
  #timeText(date: Date): string {
    return date.toLocaleString('en-US', {
      weekday: 'long',
      month: 'long',
      day: 'numeric',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZone: this.#settings.timeZone ?? 'UTC',
      timeZoneName: 'short',
    })
  }
}

const upperFirst = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)
