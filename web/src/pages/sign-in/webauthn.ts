import { isObject, type JsonObject, objectsOf, textOrNull } from '../../api/json.ts'
import { fromBase64, toBase64Url } from '../../crypto/bytes.ts'

/** Whether this page may ask for security keys: browsers allow it only where nobody can listen. */
export function canUseKeys(): boolean {
  return window.isSecureContext && 'credentials' in navigator && 'PublicKeyCredential' in window
}

/**
 * Has the user touch one of their keys. `options` is what the server offers for the second factor 7 (WebAuthn §5.5 in
 * JSON), and the answer the JSON that proves it, as the apps write it. Rejects with a `DOMException` when nothing comes of it.
 */
export async function assertionFor(options: JsonObject, signal: AbortSignal): Promise<string> {
  const credential = await navigator.credentials.get({ publicKey: requestOptions(options), signal })
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException('No key was read', 'NotAllowedError')
  const { id, rawId, type, response } = credential
  if (!(response instanceof AuthenticatorAssertionResponse)) throw new DOMException('No answer', 'NotAllowedError')
  return JSON.stringify({
    id,
    rawId: toBase64Url(new Uint8Array(rawId)),
    type,
    extensions: credential.getClientExtensionResults(),
    response: {
      authenticatorData: toBase64Url(new Uint8Array(response.authenticatorData)),
      clientDataJson: toBase64Url(new Uint8Array(response.clientDataJSON)),
      signature: toBase64Url(new Uint8Array(response.signature)),
    },
  })
}

function requestOptions(wire: JsonObject): PublicKeyCredentialRequestOptions {
  const appid = isObject(wire.extensions) ? textOrNull(wire.extensions.appid) : null
  const rpId = textOrNull(wire.rpId)
  return {
    challenge: fromBase64(String(wire.challenge)),
    ...(typeof wire.timeout === 'number' && { timeout: wire.timeout }),
    ...(rpId !== null && { rpId }),
    userVerification: 'discouraged',
    allowCredentials: objectsOf(wire.allowCredentials).map((allowed) => ({
      type: 'public-key',
      id: fromBase64(String(allowed.id)),
      ...(Array.isArray(allowed.transports) && { transports: allowed.transports }),
    })),
    ...(appid !== null && { extensions: { appid } }),
  }
}
