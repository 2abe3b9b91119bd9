import type { VaultApp } from '../../schema.ts'
import type { VaultSettings } from '../../settings.ts'

/** Bitwarden's apps, as the FIDO Alliance names them: by bundle, and by the key that their packages are signed with. */
const APPS = ['ios:bundle-id:com.8bit.bitwarden', 'android:apk-key-hash:dUGFzUzf3lmHSLBDBIv+WaFyZMI']

const FACETS_TYPE = 'application/fido.trusted-apps+json'

/**
 * Says who may use U2F keys that know us by the address of this file (see `appId`): our pages and the apps. FIDO AppID and
 * Facet Specification v2.0, §3.1.2 and §3.1.3.
 */
export function registerAppFacets(scope: VaultApp, { origin }: VaultSettings): void {
  const trustedFacets = [{ version: { major: 1, minor: 0 }, ids: [origin, ...APPS] }]
  // As bytes: Fastify adds a charset to the type of a text, and this type has none.
  const body = Buffer.from(JSON.stringify({ trustedFacets }))
  scope.get('/app-id.json', async (_request, reply) =>
    reply.type(FACETS_TYPE).header('Cache-Control', 'public, max-age=604800').send(body),
  )
}
