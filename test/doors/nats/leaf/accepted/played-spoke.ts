/** A server that comes in as a leaf node, of which a test says every word. */
import { type Address, RawSocket } from '../../../../net/raw-socket.ts'

export type Info = Readonly<Record<string, unknown>>

export class PlayedSpoke implements Disposable {
  readonly socket: RawSocket
  /** What it was greeted with. */
  readonly info: Info

  private constructor(socket: RawSocket, info: Info) {
    this.socket = socket
    this.info = info
  }

  /** Has read the first INFO. */
  static async connect(address: Address): Promise<PlayedSpoke> {
    const socket = await RawSocket.connect(address)
    return new PlayedSpoke(socket, infoIn(await socket.readThrough('\r\n')))
  }

  /** As one that was let in: what the second INFO says is in `answer`. */
  static async enter(address: Address, fields: object = {}): Promise<{ spoke: PlayedSpoke; answer: Info }> {
    const spoke = await PlayedSpoke.connect(address)
    spoke.sayConnect(fields)
    return { spoke, answer: infoIn(await spoke.socket.readThrough('\r\n')) }
  }

  sayConnect(fields: object = {}): void {
    const said = { name: 'spoke', version: '2.10.0', headers: true, ...fields }
    this.socket.write(`CONNECT ${JSON.stringify(said)}\r\n`)
  }

  say(text: string): void {
    this.socket.write(text)
  }

  /** What it heard until everything that it said was read there. */
  async settled(): Promise<string> {
    this.socket.write('PING\r\n')
    return (await this.socket.readThrough('PONG\r\n')).slice(0, -'PONG\r\n'.length)
  }

  /** Everything until it was closed. */
  farewell(): Promise<string> {
    return this.socket.readToEnd()
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** A client at the port for clients, with the same few words. */
export async function playedClient(address: Address, fields: object = {}): Promise<PlayedSpoke> {
  const client = await PlayedSpoke.connect(address)
  client.say(`CONNECT ${JSON.stringify({ verbose: false, pedantic: false, ...fields })}\r\n`)
  await client.settled()
  return client
}

function infoIn(line: string): Info {
  const [, json] = /^INFO (\{.*\}) ?\r\n$/.exec(line) ?? []
  if (json === undefined) throw new Error(`No INFO: ${JSON.stringify(line)}`)
  return JSON.parse(json)
}
