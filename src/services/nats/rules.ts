import type { NatsServerOptions, WebsocketOptions } from '#config'
import type { ListenAddress, TlsOptions, TlsSettings } from '#net'
import { type Change, changesBetween } from '../reload/changes.ts'
import type { AuthenticatorOf } from './authenticators.ts'
import type { LeafAuthenticatorOf } from './leaf-authenticators.ts'
import { type LeafRules, readLeafRules } from './leaf-listener.ts'
import { type MonitoringRules, readMonitoringRules } from './monitoring-listeners.ts'
import { readTcpRules, type TcpRules } from './tcp-listener.ts'
import { readWebsocketRules, type WebsocketRules } from './websocket-entrance.ts'

/** All options of a NATS service, read and found right: only addresses can still be in the way. */
export interface Rules {
  readonly tcp: TcpRules
  readonly websockets: readonly WebsocketRules[]
  /** Of places on somebody else's HTTP servers. */
  readonly mounted: readonly WebsocketRules[]
  /** `undefined`: no leaf nodes are let in. */
  readonly leafs: LeafRules | undefined
  readonly monitoring: MonitoringRules | undefined
}

export interface ReadRules {
  readonly authenticatorOf: AuthenticatorOf
  readonly leafAuthenticatorOf: LeafAuthenticatorOf | undefined
  /** Of places on somebody else's HTTP servers. */
  readonly mounted?: readonly WebsocketOptions[]
}

/** Rejects with a `ConfigError` for what is wrong with certificates and the like. */
export async function readRules(
  { nats, websockets, leafnodes, monitoring }: NatsServerOptions,
  { authenticatorOf, leafAuthenticatorOf, mounted = [] }: ReadRules,
): Promise<Rules> {
  const readAll = (blocks: readonly WebsocketOptions[]) =>
    Promise.all(blocks.map((block) => readWebsocketRules(block, { authenticatorOf, leafAuthenticatorOf })))
  return {
    tcp: await readTcpRules(nats, authenticatorOf),
    websockets: await readAll(websockets),
    mounted: await readAll(mounted),
    leafs: leafnodes.listener && leafAuthenticatorOf && (await readLeafRules(leafnodes.listener, leafAuthenticatorOf)),
    monitoring: monitoring && (await readMonitoringRules(monitoring)),
  }
}

/** Where they listen. */
export function addressesOf({ tcp, websockets, leafs, monitoring }: Rules): readonly ListenAddress[] {
  const { http, https } = monitoring?.options ?? {}
  const listeners = [tcp, ...websockets, leafs].map((rules) => rules?.options)
  return [...listeners, http, https].filter((one) => one !== undefined)
}

/** A listener with TLS. */
export interface TlsPlace {
  /** As the configuration has it. */
  readonly name: string
  readonly options: TlsOptions
  readonly tls: TlsSettings
  /** The rules with this instead. */
  with(tls: TlsSettings): Rules
}

export function tlsPlaces(rules: Rules): readonly TlsPlace[] {
  const { tcp, websockets, leafs, monitoring } = rules
  const place = <R extends { readonly options: { readonly tls?: TlsOptions | undefined } } & Pick<TcpRules, 'tls'>>(
    name: string,
    one: R | undefined,
    replaced: (one: R) => Partial<Rules>,
  ): TlsPlace[] => {
    const { tls, options } = one ?? {}
    if (one === undefined || tls === undefined || options?.tls === undefined) return []
    return [{ name, options: options.tls, tls, with: (tls) => ({ ...rules, ...replaced({ ...one, tls }) }) }]
  }
  return [
    ...place('nats', tcp, (tcp) => ({ tcp })),
    ...websockets.flatMap((websocket, i) =>
      place(websockets.length === 1 ? 'websocket' : `websocket[${i}]`, websocket, (one) => ({
        websockets: websockets.with(i, one),
      })),
    ),
    ...place('leafnodes', leafs, (leafs) => ({ leafs })),
    ...place('monitoring', monitoring, (monitoring) => ({ monitoring })),
  ]
}

/** The files whose names are as before, and whose certificates are not. */
export function certificateChanges(before: Rules, after: Rules): readonly Change[] {
  return changesBetween(certificatesOf(before), certificatesOf(after)).filter(
    ({ from, to }) => Array.isArray(from) && Array.isArray(to),
  )
}

function certificatesOf({ tcp, websockets, leafs, monitoring }: Rules) {
  const hashes = ({ tls }: Pick<TcpRules, 'tls'>) => ({ tls: { sha256: tls?.certificateHashes } })
  return {
    nats: hashes(tcp),
    websockets: websockets.map(hashes),
    leafnodes: { listener: leafs && hashes(leafs) },
    monitoring: monitoring && hashes(monitoring),
  }
}
