import type { Api } from '../../api/client.ts'
import { downloadSendFile, openSend, requestSendToken } from '../../api/sends.ts'
import type { Bytes } from '../../crypto/bytes.ts'
import { decodeReceivedSend, type ReceivedSend } from '../../model/send.ts'
import { sendKeyOf, sendPasswordHash } from '../../model/send-key.ts'

/** What the server gives a token for is two minutes. */
const TOKEN_MS = 110_000

/** A Send that somebody else has made, as whoever has its link reads it. No account is needed. */
export class ReceivedLink {
  readonly #api: Api
  readonly #accessId: string
  readonly #secret: Bytes
  #passwordHash: string | undefined
  #token: { readonly text: string; readonly endsAtMs: number } | undefined

  constructor(api: Api, { accessId, secret }: { readonly accessId: string; readonly secret: Bytes }) {
    this.#api = api
    this.#accessId = accessId
    this.#secret = secret
  }

  /** Counts as one access. Rejects with a `SendRefused` where a password is needed, is wrong, or nothing is there. */
  async open(password?: string): Promise<ReceivedSend> {
    this.#passwordHash = password === undefined ? undefined : await sendPasswordHash(password, this.#secret)
    this.#token = undefined
    return decodeReceivedSend(await openSend(this.#api, await this.#currentToken()), this.#secret)
  }

  /**
   * Its file, decrypted. Minutes after it was opened that is another access. Rejects with a `SendRefused` when it is gone by
   * now, and with a `DecryptionError`.
   */
  async download(fileId: string, onProgress: (doneBytes: number) => void): Promise<Bytes> {
    const encrypted = await downloadSendFile(this.#api, { token: await this.#currentToken(), fileId }, { onProgress })
    return (await sendKeyOf(this.#secret)).decryptFile(encrypted)
  }

  async #currentToken(): Promise<string> {
    const now = this.#api.now()
    if (this.#token === undefined || now >= this.#token.endsAtMs) {
      const asked = { accessId: this.#accessId, passwordHash: this.#passwordHash }
      this.#token = { text: await requestSendToken(this.#api, asked), endsAtMs: now + TOKEN_MS }
    }
    return this.#token.text
  }
}
