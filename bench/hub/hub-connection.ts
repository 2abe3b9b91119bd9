import { once } from 'node:events'
import {
  encodeHandshakeRequest,
  HubMessageType,
  messagePackProtocol,
  parseHandshakeReply,
  readWhole,
} from '#wire/signalr'

/** What the client library does: the hub gives up on clients that are silent for 30 s. */
const PING_INTERVAL_MS = 15_000

export interface HubConnection {
  close(): void
}

/** A device on the notification hub, as the apps connect: WebSocket at once, MessagePack. Resolves when it hears. */
export async function connectToHub(
  webUrl: string,
  accessToken: string,
  onChange: (cipherId: string) => void,
): Promise<HubConnection> {
  const url = new URL('/notifications/hub', webUrl.replace('http', 'ws'))
  url.searchParams.set('access_token', accessToken)
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  await once(socket, 'open')

  socket.send(encodeHandshakeRequest({ protocol: 'messagepack', version: 1 }))
  const [reply] = (await once(socket, 'message')) as [MessageEvent]
  const { error } = parseHandshakeReply(toBuffer(reply)).handshake
  if (error !== undefined) throw new Error(error)

  const protocol = messagePackProtocol(64)
  socket.addEventListener('message', (event) => {
    for (const message of readWhole(protocol, toBuffer(event))) {
      if (message.type !== HubMessageType.Invocation) continue
      const [{ Payload }] = message.arguments as [{ Payload: { Id: string } }]
      onChange(Payload.Id)
    }
  })
  const pings = setInterval(() => socket.send(protocol.ping), PING_INTERVAL_MS)
  socket.addEventListener('close', () => clearInterval(pings))
  return { close: () => socket.close() }
}

/** Text comes as a string, binary as an ArrayBuffer. */
function toBuffer({ data }: MessageEvent): Buffer {
  return Buffer.from(data)
}
