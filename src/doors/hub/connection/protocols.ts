import { type HubProtocol, jsonProtocol, messagePackProtocol } from '#wire/signalr'

/** Longest list or map in a client's message. Hubs have no methods, so honest messages have a handful of items. */
const MAX_ITEMS = 256

/** What the Bitwarden apps speak. */
export const MESSAGE_PACK = messagePackProtocol(MAX_ITEMS)

/** Those that the clients of every hub may choose from. */
export const PROTOCOLS: readonly HubProtocol[] = [MESSAGE_PACK, jsonProtocol(MAX_ITEMS)]
