import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { takeFrom } from '../limits.ts'
import { admit, idOfAccessId, type Refusal } from '../sends/index.ts'
import { TokenRefusal } from '../token-refusal.ts'
import type { Form } from './form.ts'
import { checkScope } from './token-response.ts'

const SCOPE = 'api.send.access'

/** What clients look for in a refusal (spec/vault.md §2.4.2). */
const REFUSED: Record<Refusal, readonly [error: string, type: string]> = {
  gone: ['invalid_grant', 'send_id_invalid'],
  'password required': ['invalid_request', 'password_hash_b64_required'],
  'password wrong': ['invalid_grant', 'password_hash_b64_invalid'],
}

/**
 * A token with which anybody who knows its link reads a Send, for two minutes. Giving it counts as the access: the client
 * may need several requests for one.
 */
export async function sendAccessGrant(context: VaultContext, form: Form, address: string) {
  takeFrom(context.limits.unauthenticated, address)
  if (form.require('client_id') !== 'send') throw badRequest('client_id is not supported', 'client_id')
  checkScope(form, SCOPE)
  const accessId = form.get('send_id')
  if (!accessId) throw refused('invalid_request', 'send_id_required')

  const password = form.get('password_hash_b64')
  const admission = await admit(context, idOfAccessId(accessId) ?? '', { password, counts: true })
  if ('refusal' in admission) throw refused(...REFUSED[admission.refusal])
  return {
    access_token: await context.tickets.issue('send', { sub: admission.send.id }),
    expires_in: context.tickets.ttlSeconds('send'),
    token_type: 'Bearer',
    scope: SCOPE,
  }
}

/**
 * 400, as at the official server. Vaultwarden says 404 to `invalid_grant`, which the CLI does not understand from a server
 * that it is not set up for.
 */
function refused(error: string, type: string): TokenRefusal {
  return new TokenRefusal({ kind: 'expected_server', error, send_access_error_type: type })
}
