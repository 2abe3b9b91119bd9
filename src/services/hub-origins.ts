import type { Options } from '#config'
import type { HubOrigins } from '#doors/hub'
import { forwardedRequest, type TrustCheck } from '#net'

/** The pages that may use the hubs. How a client reached us is what proxies say whose word on its address counts too. */
export function hubOrigins({ hub, vault }: Pick<Options, 'hub' | 'vault'>, isTrusted: TrustCheck): HubOrigins {
  return {
    sameOrigin: hub.sameOrigin,
    allowedOrigins: hub.allowedOrigins,
    own: vault.domain === undefined ? undefined : vault.origin,
    reachedBy: (request) => forwardedRequest(request, isTrusted),
  }
}
