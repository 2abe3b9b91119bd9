import { leafnodesSettings } from './leafnodes.ts'
import { monitoringSettings } from './monitoring.ts'
import { natsSettings } from './nats.ts'
import type { Setting } from './setting.ts'
import { webSettings } from './web.ts'
import { websocketSettings } from './websocket.ts'

/** A block of the config file. */
export interface Block {
  /** Its name in the block around it, and what else it may be called. */
  readonly names: readonly string[]
  /** May be a list of maps as well: each sets the same settings, once more. */
  readonly isRepeatable?: boolean
  /** What nats-server says of a value that is no map, where it says what it should be. It goes on with Go's type. */
  readonly noMap?: string
}

/** All blocks by their path; that of the top level is `''`. */
export const blocks: Readonly<Record<string, Block>> = {
  '': { names: [''] },
  authorization: { names: ['authorization'] },
  websocket: { names: ['websocket', 'ws'], isRepeatable: true, noMap: 'Expected websocket to be a map, got ' },
  'websocket.authorization': { names: ['authorization', 'authentication'] },
  leafnodes: { names: ['leafnodes', 'leaf'], noMap: 'Expected map to define a leafnode, got ' },
  'leafnodes.authorization': { names: ['authorization'] },
  web: { names: ['web'], noMap: 'Expected web to be a map, got ' },
  vault: { names: ['vault'], noMap: 'Expected vault to be a map, got ' },
  hub: { names: ['hub'], noMap: 'Expected hub to be a map, got ' },
  'hub.identity': { names: ['identity'] },
  relay: { names: ['relay'], noMap: 'Expected relay to be a map, got ' },
  push: { names: ['push'], noMap: 'Expected push to be a map, got ' },
  metrics: { names: ['metrics'], noMap: 'Expected metrics to be a map, got ' },
}

/** Those that nats-server does not know, and a plain NATS server has no use for. */
export const BLOCKS_OF_THE_VAULT: readonly string[] = ['web', 'vault', 'hub', 'relay', 'push', 'metrics']

/** `a.b.key` in two parts, the path of its block and its name; the block of a top-level key is `''`. */
export function splitKey(key: string): [block: string, name: string] {
  const dot = key.lastIndexOf('.')
  return dot === -1 ? ['', key] : [key.slice(0, dot), key.slice(dot + 1)]
}

interface ListenKey {
  readonly key: string
  readonly host: Setting<string> | Setting<string | undefined>
  readonly port: Setting<number> | Setting<number | undefined>
}

/** Keys that are short for a host and a port. */
export const listenKeys: readonly ListenKey[] = [
  { key: 'listen', ...natsSettings },
  { key: 'http', host: monitoringSettings.host, port: monitoringSettings.httpPort },
  { key: 'https', host: monitoringSettings.host, port: monitoringSettings.httpsPort },
  { key: 'websocket.listen', ...websocketSettings },
  { key: 'leafnodes.listen', ...leafnodesSettings },
  { key: 'web.listen', ...webSettings },
]
