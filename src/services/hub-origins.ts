import type { Options } from '#config'
import type { HubOrigins } from '#doors/hub'
import { forwardedRequest, trustCheck } from '#net'

/** The pages that may use the hubs. How a client reached us is what proxies say whose word on its address counts too. */
export function hubOrigins({ hub, vault, web }: Pick<Options, 'hub' | 'vault' | 'web'>): HubOrigins {
  const trusted = web.ipHeader === undefined ? 'none' : web.trustedProxies
  const isTrusted = trustCheck(trusted, 'IP_HEADER_TRUSTED_PROXIES')
  return {
    sameOrigin: hub.sameOrigin,
    allowedOrigins: hub.allowedOrigins,
    own: vault.domain === undefined ? undefined : vault.origin,
    reachedBy: (request) => forwardedRequest(request, isTrusted),
  }
}
