import type { Outbox } from '#core'
import { errLine, infoLine, OK_LINE, PING_LINE, PONG_LINE } from '#wire/nats'
import type { ClientLog } from './client-log.ts'

/** What one client is told, besides messages. */
export class ClientOutput {
  readonly #outbox: Outbox
  readonly #log: ClientLog

  constructor(outbox: Outbox, log: ClientLog) {
    this.#outbox = outbox
    this.#log = log
  }

  info(info: object): void {
    this.#outbox.appendText(infoLine(info))
  }

  ok(): void {
    this.#outbox.appendText(OK_LINE)
    this.#log.sent('OK')
  }

  ping(): void {
    this.#outbox.appendText(PING_LINE)
    this.#log.sent('PING')
  }

  pong(): void {
    this.#outbox.appendText(PONG_LINE)
    this.#log.sent('PONG')
  }

  error(text: string): void {
    this.#outbox.appendText(errLine(text))
    this.#log.sent('-ERR', text)
  }
}
