import { clientTypeOfDevice, type DeviceClientType } from '#auth'
import { normalGuid } from '#kit'
import { type IdentityClaims, type IdentityTokens, scopesOf, textsOf } from './identity-tokens.ts'

/** A device of a user of the official server, as the hub sees it. */
export interface IdentitySession {
  readonly user: { readonly id: string }
  readonly device: { readonly id: string }
  readonly clientType: DeviceClientType | undefined
  /** Organizations of the user when the token was issued: who joins one gets another token. */
  readonly organizations: readonly string[]
}

/** Ways to have logged in after which a user may listen. */
const METHODS: readonly string[] = ['Application', 'external']

/** One claim for each role of a member. */
const ORGANIZATION_CLAIMS = ['orgowner', 'orgadmin', 'orguser', 'orgcustom'] as const

/**
 * Lets the users of an official server in, by the tokens of its Identity service. What comes back rejects when the
 * service has never answered; undefined for a token that is none, or not one for the hub. spec: hub §2.3, §2.4
 */
export function identityAuthenticator(tokens: Pick<IdentityTokens, 'verify'>) {
  return async (token: string): Promise<IdentitySession | undefined> => {
    const claims = await tokens.verify(token)
    return claims && sessionOf(claims)
  }
}

/** Ids of the organizations that the user of a token belongs to. */
export function organizationsOf(claims: IdentityClaims): readonly string[] {
  const ids = ORGANIZATION_CLAIMS.flatMap((claim) => textsOf(claims[claim])).flatMap((id) => normalGuid(id) ?? [])
  return [...new Set(ids)]
}

function sessionOf(claims: IdentityClaims): IdentitySession | undefined {
  const { sub, device, devicetype } = claims
  const isForHub = scopesOf(claims).includes('api') && textsOf(claims.amr).some((method) => METHODS.includes(method))
  const userId = normalGuid(sub)
  if (!isForHub || userId === undefined || typeof device !== 'string') return undefined
  return {
    user: { id: userId },
    device: { id: device },
    clientType: typeof devicetype === 'string' ? clientTypeOfDevice(devicetype) : undefined,
    organizations: organizationsOf(claims),
  }
}
