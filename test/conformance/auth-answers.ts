/** Answers to auth requests, by the way of an official server's services: `POST /send`. */
import assert from 'node:assert/strict'
import { NotificationType } from '../../src/notify/index.ts'

/** To be given to the server as `relay.internalKey`. */
export const INTERNAL_KEY = 'an internal key of an official server'

/** Somebody who approves auth requests. */
export class Approver {
  readonly #serverUrl: string
  readonly #token: string

  private constructor(serverUrl: string, token: string) {
    this.#serverUrl = serverUrl
    this.#token = token
  }

  static async of(serverUrl: string): Promise<Approver> {
    const response = await fetch(`${serverUrl}/identity/connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'internal',
        client_id: 'internal.Api',
        client_secret: INTERNAL_KEY,
      }),
    })
    const { access_token: token } = (await response.json()) as { access_token: string }
    return new Approver(serverUrl, token)
  }

  async approve(requestId: string, userId: string): Promise<void> {
    const payload = { id: requestId, userId }
    const response = await fetch(`${this.#serverUrl}/notifications/send`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.#token}` },
      body: JSON.stringify({ type: NotificationType.AuthRequestResponse, payload, contextId: null }),
    })
    assert.equal(response.status, 200)
  }
}
