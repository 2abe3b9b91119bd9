import type { Secret } from '../../api/secret.ts'
import { masterSecretsOf } from '../../model/account-keys.ts'
import type { Session } from '../../session/session.ts'

/** What proves to the server that it is the user who asks. Takes as long as the account's key derivation. */
export async function secretOf(session: Session, password: string): Promise<Secret> {
  const { hash } = await masterSecretsOf(session.credentials(password))
  return { masterPasswordHash: hash }
}
