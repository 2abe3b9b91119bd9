import type { LeafLinkOptions, LeafRemoteOptions } from './options.ts'

/** What a remote is that says nothing but where it connects to and in which account. */
export function remoteDefaults(
  of: LeafLinkOptions & Pick<LeafRemoteOptions, 'dialTimeoutMs'>,
): Omit<LeafRemoteOptions, 'urls' | 'account'> {
  return {
    ...of,
    credentialsFile: undefined,
    nkeySeed: undefined,
    tls: undefined,
    isHub: false,
    denyImports: [],
    denyExports: [],
    randomizes: true,
    wsCompression: false,
    wsNoMasking: false,
    firstInfoTimeoutMs: 1_000,
    ignoresDiscoveredServers: false,
    isolates: false,
    requestsIsolation: false,
    proxy: undefined,
  }
}
