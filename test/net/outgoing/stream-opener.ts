import { silentLogger, systemClock } from '#kit'
import {
  dial,
  openWebSocketStream,
  type StreamOpenOptions,
  type UpgradedSocket,
  upgradeToWebSocket,
  type WebSocketCarrier,
  type WebSocketRequest,
} from '#net'
import { RecordingReceiver } from '../carrier-server.ts'
import type { Address } from '../raw-socket.ts'

export interface OpenedStream {
  readonly door: RecordingReceiver
  readonly carrier: WebSocketCarrier
}

export type StreamRules = Partial<Omit<StreamOpenOptions, 'receiver'>>

/** A stream that we open: of `/`, with compression offered where the rules have it, and with masks. */
export async function openStreamTo(
  address: Address,
  request: Partial<WebSocketRequest> = {},
  rules: StreamRules = {},
): Promise<OpenedStream> {
  const socket = await dial(address, { clock: systemClock, timeoutMs: 5_000 })
  const compression = rules.compression !== undefined
  const whole = { host: 'hub.example', path: '/', compression, noMasking: false, ...request }
  return openedStream(await upgradeToWebSocket(socket, whole, { clock: systemClock, timeoutMs: 5_000 }), rules)
}

export function openedStream(upgraded: UpgradedSocket, rules: StreamRules = {}): OpenedStream {
  const opened: { door?: RecordingReceiver; carrier?: WebSocketCarrier } = {}
  openWebSocketStream(upgraded, {
    clock: systemClock,
    logger: silentLogger,
    writeDeadlineMs: 10_000,
    ...rules,
    receiver(carrier) {
      opened.carrier = carrier
      opened.door = new RecordingReceiver(carrier)
      return opened.door
    },
  })
  return { door: opened.door!, carrier: opened.carrier! }
}
