import { readFile } from 'node:fs/promises'
import type http from 'node:http'
import net, { type Server as NetServer } from 'node:net'
import path from 'node:path'
import { createSecureContext } from 'node:tls'
import { authenticatorFor } from '#auth'
import type { LocalHttpsOptions, Options, TlsFiles, VaultOptions, WebsocketOptions } from '#config'
import { ConfigError, type Logger, systemClock } from '#kit'
import { createWebServer, ensureLocalCertificate, type ListenAddress, Listener, type TlsMaterial } from '#net'
import { originAllowed, originOf } from '#wire/websocket'
import type { Rooms } from './rooms.ts'

/** Everybody, so far. */
const authenticator = authenticatorFor({ main: {} })

/** How long requests and connections under way may take to end before they are cut. */
const CLOSE_GRACE_MS = 3_000

/** Where a server listens; `undefined` where it does not. */
export interface ServerAddresses {
  readonly web: ListenAddress
  readonly https: ListenAddress | undefined
  readonly nats: ListenAddress
  readonly websocket: ListenAddress | undefined
  readonly oldHub: ListenAddress | undefined
}

export interface Listeners {
  readonly addresses: ServerAddresses
  readonly certificateAuthorityFile: string | undefined
  /** Takes no more connections from now on. Resolves when the last one is gone, after three seconds by force. */
  close(): Promise<void>
}

/** Opens every listener that is on. Rejects with a `ConfigError` when one cannot be had; none is left open then. */
export async function openListeners(options: Options, rooms: Rooms, logger: Logger): Promise<Listeners> {
  const listeners: Listener[] = []
  const open = async (server: NetServer, wanted: ListenAddress) => {
    const listener = await Listener.open(server, wanted)
    listeners.push(listener)
    return listener.address
  }
  const close = async () => {
    await Promise.all(listeners.map((listener) => listener.close(CLOSE_GRACE_MS)))
  }

  /** Nobody asked for the one that is there by default: a server that was fine without it must not end for its port. */
  const openLocalHttps = async ({ isOptional, ...wanted }: LocalHttpsOptions, server: NetServer) => {
    try {
      return await open(server, wanted)
    } catch (error) {
      if (!isOptional || !(error instanceof ConfigError)) throw error
      logger.warn({ reason: error.message }, 'no local HTTPS')
      return undefined
    }
  }

  try {
    const { web, vault, nats, websockets, oldHub } = options
    const handlers = {
      onRequest: rooms.onRequest,
      onUpgrade: rooms.upgrades.handle.bind(rooms.upgrades),
    }
    const webTls = web.tls && (await readTls(web.tls))
    const webAddress = await open(createWebServer({ ...handlers, tls: webTls }), web)

    const local = web.https && (await localCertificate(vault))
    const httpsAddress = web.https && (await openLocalHttps(web.https, createWebServer({ ...handlers, tls: local })))

    const natsServer = net.createServer({ allowHalfOpen: true }, (socket) => {
      const facts = { ...natsAddress, isTls: false }
      rooms.natsDoor.acceptSocket(socket, { current: { facts, connectionType: 'STANDARD', authenticator } })
    })
    const natsAddress: ListenAddress = await open(natsServer, nats)

    const websocket = websockets[0]
    const websocketAddress = websocket && (await openWebsocket(websocket, rooms, open))
    const oldHubAddress = oldHub && rooms.hubDoor && (await open(oldHubServer(rooms.hubDoor), oldHub))

    return {
      addresses: {
        web: webAddress,
        https: httpsAddress,
        nats: natsAddress,
        websocket: websocketAddress,
        oldHub: oldHubAddress,
      },
      certificateAuthorityFile: httpsAddress && local?.caFile,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** For this machine's own names, and for the one that clients are told. */
function localCertificate({ dataFolder, domain }: VaultOptions) {
  const names = domain === undefined ? [] : [new URL(domain).hostname.replace(/^\[|\]$/g, '')]
  return ensureLocalCertificate({ folder: path.join(dataFolder, 'tls'), names, clock: systemClock })
}

/** `websocket {}`: NATS and nothing else, on any path, as nats-server's. */
async function openWebsocket(
  websocket: WebsocketOptions,
  { natsDoor }: Rooms,
  open: (server: NetServer, address: ListenAddress) => Promise<ListenAddress>,
): Promise<ListenAddress> {
  const files = websocket.tls?.certificates[0]
  const tls = files && (await readTls(files))
  const isTls = tls !== undefined
  let bound: ListenAddress = websocket
  const server = createWebServer({
    tls,
    handshakeTimeoutMs: websocket.handshakeTimeoutMs,
    // nats-server answers so to whatever asks for no upgrade.
    onRequest: (_request, response) => refuse(response),
    onUpgrade: (request, socket, head) => {
      const facts = { host: bound.host, port: bound.port, isTls }
      natsDoor.acceptUpgrade(request, socket, head, {
        listener: { current: { facts, connectionType: 'WEBSOCKET', authenticator } },
        objection: ({ headers }) => originAllowed(originOf(headers), headers.host ?? '', isTls, websocket),
      })
    },
  })
  bound = await open(server, websocket)
  return bound
}

/** The port of the proxy rules of 2020, which sent it the hub's upgrades under whatever path. */
function oldHubServer({ handleUpgrade }: NonNullable<Rooms['hubDoor']>): http.Server {
  return createWebServer({ onRequest: (_request, response) => refuse(response), onUpgrade: handleUpgrade })
}

function refuse(response: http.ServerResponse): void {
  const body = 'Bad Request\n'
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
    'Sec-Websocket-Version': '13',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  }
  response.writeHead(400, headers).end(body)
}

async function readTls({ certFile, keyFile }: TlsFiles): Promise<TlsMaterial> {
  const read = async (file: string) => {
    try {
      return await readFile(file, 'utf8')
    } catch (error) {
      throw new ConfigError(`Cannot read "${file}": ${(error as Error).message}`, { cause: error })
    }
  }
  const tls = { certificatePem: await read(certFile), keyPem: await read(keyFile) }
  try {
    createSecureContext({ cert: tls.certificatePem, key: tls.keyPem })
  } catch (error) {
    const files = `the certificate "${certFile}" with the key "${keyFile}"`
    throw new ConfigError(`Cannot use ${files}: ${(error as Error).message}`, { cause: error })
  }
  return tls
}
