import { randomUUID } from 'node:crypto'
import { equalSecrets, type ServiceClaims, type ServiceTokens } from '#auth'
import { type Logger, normalGuid } from '#kit'

/** Who may have a token. */
export interface ServiceClients {
  /** Keys by installation id, which is in lower case. */
  readonly installationKeys: ReadonlyMap<string, string>
  /** Of the services of an official server; `undefined`: they may not. */
  readonly internalKey: string | undefined
}

/** The fields of a form, by their names. */
export interface GrantForm {
  get(name: string): string | undefined
}

export interface GrantAnswer {
  /** HTTP. */
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface GrantTools {
  readonly serviceTokens: Pick<ServiceTokens, 'issue'>
  readonly logger: Logger
}

/**
 * Answers a request for a token with `client_credentials` of another server: an installation for `api.push`, or a
 * service of an official server for `internal`. Undefined for clients of other kinds. spec: hub §5.1, §5.2
 */
export function serviceGrant(clients: ServiceClients, { serviceTokens, logger }: GrantTools) {
  return async (form: GrantForm): Promise<GrantAnswer | undefined> => {
    const clientId = form.get('client_id') ?? ''
    const client = clientOf(clientId, clients)
    if (client === undefined) return undefined
    // Who is unknown is compared too, so that the time it takes does not tell.
    const isRight = equalSecrets(client.key ?? randomUUID(), form.get('client_secret') ?? '')
    const { claims } = client
    if (!isRight || claims === undefined) {
      logger.warn({ kind: client.kind }, 'token for another server refused: unknown or wrong key')
      return { status: 400, body: { error: 'invalid_client' } }
    }
    if (form.get('scope') !== claims.scope) return { status: 400, body: { error: 'invalid_scope' } }
    const { token, expiresInSeconds } = await serviceTokens.issue(claims)
    logger.info({ client: claims.sub, scope: claims.scope }, 'token for another server')
    const body = { access_token: token, expires_in: expiresInSeconds, token_type: 'Bearer', scope: claims.scope }
    return { status: 200, body }
  }
}

interface Client {
  readonly kind: 'installation' | 'internal'
  readonly key: string | undefined
  /** What its token says; `undefined` when it can be no client of ours. */
  readonly claims: ServiceClaims | undefined
}

function clientOf(clientId: string, { installationKeys, internalKey }: ServiceClients): Client | undefined {
  const dot = clientId.indexOf('.')
  const name = clientId.slice(dot + 1)
  switch (clientId.slice(0, Math.max(0, dot))) {
    case 'installation': {
      const id = normalGuid(name)
      const key = id === undefined ? undefined : installationKeys.get(id)
      const claims = id === undefined || key === undefined ? undefined : { sub: id, scope: 'api.push' as const }
      return { kind: 'installation', key, claims }
    }
    case 'internal': {
      // Projects of the official server are called `Api`, `Identity`, `Admin` and the like.
      const isProject = internalKey !== undefined && /^\w{1,64}$/.test(name)
      return { kind: 'internal', key: internalKey, claims: isProject ? { sub: name, scope: 'internal' } : undefined }
    }
    default:
      return undefined
  }
}
