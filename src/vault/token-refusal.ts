/**
 * What `POST /identity/connect/token` answers where it is not the error envelope: clients compare these texts and names
 * (spec/vault.md §2.4.4). Sent as it is.
 */
export class TokenRefusal extends Error {
  readonly body: Readonly<Record<string, unknown>>
  /** HTTP. */
  readonly status: number
  override name = 'TokenRefusal'

  constructor(body: Readonly<Record<string, unknown>>, status = 400) {
    super('The token endpoint declined')
    this.body = body
    this.status = status
  }
}
