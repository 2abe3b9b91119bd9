import { isObject, type JsonObject, objectsOf, textOrNull } from '../../api/json.ts'
import { fromBase64, toBase64Url } from '../../crypto/bytes.ts'

/** Whether this browser can make keys: it does so only for pages of HTTPS, or of this machine. */
export const knowsSecurityKeys = (): boolean => typeof PublicKeyCredential === 'function'

/**
 * Has the browser make a key, by the server's `PublicKeyCredentialCreationOptions` in JSON; resolves with what the server
 * is to be sent. Rejects with a `DOMException` when the user does not touch one, or the key is there already. WebAuthn §5.1.3
 */
export async function makeSecurityKey(options: JsonObject): Promise<JsonObject> {
  const credential = await navigator.credentials.create({ publicKey: creationOptions(options) })
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException('No key was made', 'NotAllowedError')
  const { attestationObject, clientDataJSON } = credential.response as AuthenticatorAttestationResponse
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    extensions: {},
    response: { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON) },
  }
}

/** Not `parseCreationOptionsFromJSON`: browsers have it since 2024 and 2025 only. */
function creationOptions({
  user,
  challenge,
  excludeCredentials,
  ...rest
}: JsonObject): PublicKeyCredentialCreationOptions {
  const { id, ...names } = isObject(user) ? user : {}
  return {
    ...rest,
    challenge: fromBase64(textOrNull(challenge) ?? ''),
    user: { ...names, id: fromBase64(textOrNull(id) ?? '') },
    excludeCredentials: objectsOf(excludeCredentials).map((known) => ({
      type: 'public-key',
      id: fromBase64(textOrNull(known.id) ?? ''),
    })),
    // The rest is as the browser has it, and is looked at by it.
  } as unknown as PublicKeyCredentialCreationOptions
}

const text = (buffer: ArrayBuffer) => toBase64Url(new Uint8Array(buffer))
