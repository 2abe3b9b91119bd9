import { type LoadOptions, loadNatsOptions, type Overrides } from '#config'
import { ConfigError } from '#kit'

type WebsocketOverrides = Exclude<NonNullable<Overrides['websocket']>, readonly unknown[]>

/** Rules of a `websocket {}` block, save for those of a port. */
export type MountRules = Omit<WebsocketOverrides, 'host' | 'port' | 'tls' | 'noTls' | 'proxyProtocol'>

/** The options of a listener without a port of its own. Throws a `ConfigError`. */
export function mountOptions(rules: MountRules, sources: Pick<LoadOptions, 'cwd' | 'env'>) {
  // The port is none that anybody listens on: without one the block would count as switched off.
  const { options } = loadNatsOptions({ ...sources, overrides: { websocket: { ...rules, port: 0, noTls: true } } })
  const [websocket] = options.websockets
  if (websocket === undefined) throw new ConfigError('there are no rules for NATS over WebSocket')
  return websocket
}
