import { type HubProtocol, jsonProtocol, messagePackProtocol } from '#wire/signalr'

/** Longest list or map in a client's message. Hubs have no methods, so honest messages have a handful of items. */
const MAX_ITEMS = 256

/** What the Bitwarden apps speak. */
export const MESSAGE_PACK = messagePackProtocol(MAX_ITEMS)

/** Those that the clients of Bitwarden's hubs may choose from: the bytes are Vaultwarden's. */
export const PROTOCOLS: readonly HubProtocol[] = [MESSAGE_PACK, jsonProtocol(MAX_ITEMS)]

/** The same for hubs of the operator's own, whose clients may be anybody's. */
export const GENERAL_PROTOCOLS: readonly HubProtocol[] = [
  messagePackProtocol(MAX_ITEMS, undefined, { withStreams: true }),
  jsonProtocol(MAX_ITEMS),
]
