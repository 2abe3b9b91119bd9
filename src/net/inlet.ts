import type { ControlHandler, WebSocketCarrier } from './websocket-carrier.ts'

/** What control frames say is the carrier's business, the rest that of a receiver, until a farewell. */
export abstract class Inlet<Receiver> implements ControlHandler {
  protected readonly carrier: WebSocketCarrier
  protected readonly receiver: Receiver

  constructor(carrier: WebSocketCarrier, receiver: Receiver) {
    this.carrier = carrier
    this.receiver = receiver
  }

  onPing(payload: Buffer): void {
    this.carrier.onPing(payload)
  }

  onPong(payload: Buffer): void {
    this.carrier.onPong(payload)
  }

  onClose(code: number | undefined, reason: string): void {
    this.carrier.onClose(code, reason)
  }
}
